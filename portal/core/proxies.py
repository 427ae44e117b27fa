"""Who really calls: what a proxy says of its client counts only when the proxy is one of ours."""

import ipaddress
from collections.abc import Callable, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SAID_BY_PROXIES = (
    "HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP",
)  # fmt: skip


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether the address lies in one of the networks; what is no address lies in none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def client_of(address: str, forwarded_for: str, networks: Sequence[Network]) -> str:
    """Return the client's address: the last one in X-Forwarded-For that is not a proxy of ours.

    What stands before it was written by somebody whom we do not know. Where the header can't be read, the proxy
    itself counts as the client.
    """
    found = address
    for step in reversed(forwarded_for.split(",")):
        if not is_within(found, networks):
            break
        try:
            found = str(ipaddress.ip_address(step.strip()))
        except ValueError:
            break
    return found


class TrustedProxies:
    """Put the client's address into REMOTE_ADDR, and drop the headers of proxies that are not ours.

    Everything behind it, Django's own check for HTTPS, too, may believe what is left.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        meta = request.META
        address = meta.get("REMOTE_ADDR", "")
        if is_within(address, settings.TRUSTED_PROXIES):
            meta["REMOTE_ADDR"] = client_of(address, meta.get("HTTP_X_FORWARDED_FOR", ""), settings.TRUSTED_PROXIES)
        else:
            for name in SAID_BY_PROXIES:
                meta.pop(name, None)
        return self.get_response(request)
