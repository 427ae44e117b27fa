"""How often something may be tried: one table of limits, counted in the cache that all processes share.

Windows stand still (each begins at a multiple of its length), so that a counter needs one number and no clock of its
own: at the turn of two windows twice as many tries fit in. Names and addresses are kept as digests only.
"""

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from django.core.cache import cache

from portal.core.clock import now
from portal.core.errors import DomainError


@dataclass(frozen=True)
class Limit:
    """So many tries by the same one within so many seconds; `name` is part of the counter's key."""

    name: str
    counts: str
    by: str
    tries: int
    seconds: int


# A stranger at one address uses up the pair's tries, far below the account's own. A browser in which the person has
# signed in before is counted by itself alone, so that no stranger's tries hold up the person there.
LOGIN_HERE = Limit("login_here", "failed sign-ins", "account and address", 5, 300)
LOGIN_ACCOUNT = Limit("login_account", "failed sign-ins", "account, from everywhere", 50, 900)
LOGIN_ADDRESS = Limit("login_address", "failed sign-ins", "address, to all accounts", 50, 300)
LOGIN_BROWSER = Limit("login_browser", "failed sign-ins", "account and a browser known to it", 10, 300)
PASSWORD = Limit("password", "wrong passwords when signing and confirming", "person", 10, 300)
TOKEN = Limit("token", "unknown, expired and revoked API tokens", "address", 30, 300)
UPLOAD = Limit("upload", "uploads", "user", 300, 600)
COMMENT = Limit("comment", "comments written and edited", "user", 60, 600)

LIMITS = (LOGIN_HERE, LOGIN_ACCOUNT, LOGIN_ADDRESS, LOGIN_BROWSER, PASSWORD, TOKEN, UPLOAD, COMMENT)
Counted = tuple[Limit, str]
"""A limit and the one whose tries it counts."""


class TooManyTries(DomainError):
    """A limit is used up; `retry_after` says for how many seconds."""

    status: ClassVar[int] = 429
    code = "too_many_tries"

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(f"{message} Wait {in_words(wait)}, then try again.")
        self.retry_after = wait


def take(*counted: Counted) -> int:
    """Count one try under each limit in turn; return 0 where all allow it, else how many seconds to wait.

    The first limit that refuses ends the counting, so that a try refused by a narrow limit leaves the wide ones alone.
    """
    for limit, who in counted:
        key, wait = _window(limit, who)
        cache.add(key, 0, timeout=limit.seconds)
        if cache.incr(key) > limit.tries:
            return wait
    return 0


def give_back(*counted: Counted) -> None:
    """Take a try back that turned out well: only failures use a limit up."""
    for limit, who in counted:
        key, _ = _window(limit, who)
        if (cache.get(key) or 0) > 0:
            cache.decr(key)


def place_of(address: str) -> str:
    """Return what counts as one address: an IPv6 subscriber has a whole /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address) or parsed.ipv4_mapped:
        return str(getattr(parsed, "ipv4_mapped", None) or parsed)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False).network_address)


def in_words(seconds: int) -> str:
    """Return a waiting time as people say it."""
    if seconds <= 90:  # noqa: PLR2004
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"


def table() -> Iterable[tuple[str, str, str]]:
    """Yield the limits as the documents print them: what is counted, by whom, how many in how long."""
    for limit in LIMITS:
        yield limit.counts, limit.by, f"{limit.tries} in {in_words(limit.seconds)}"


def _window(limit: Limit, who: str) -> tuple[str, int]:
    """Return the key of the present window's counter, and in how many seconds the window ends."""
    second = int(now().timestamp())
    digest = hashlib.sha256(who.encode()).hexdigest()
    return f"{limit.name}.{second // limit.seconds}.{digest}", limit.seconds - second % limit.seconds
