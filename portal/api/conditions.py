"""ETag, If-None-Match and If-Match (RFC 9110): not sending again what is known, not acting on what has changed."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from portal.core.errors import Conflict


class PreconditionFailed(Conflict):
    """The thing is not as it was when the caller looked."""

    status = 412
    code = "precondition_failed"


def unless_known(request: Request, response: HttpResponse) -> HttpResponse | None:
    """Give the rendered answer its ETag; return a 304 in its place where the client has it already."""
    response.headers["ETag"] = _tag(response.content)
    patch_vary_headers(response, ["Authorization", "Cookie"])
    if "If-None-Match" not in request.headers:
        return None
    return get_conditional_response(request, etag=response.headers["ETag"], response=response)


def require_match(request: Request, representation: Mapping[str, Any]) -> None:
    """Raise PreconditionFailed where If-Match names another ETag than this representation's; the row is locked."""
    sent = request.headers.get("If-Match")
    if sent is None:
        return
    tags = parse_etags(sent)
    if "*" not in tags and _tag(JSONRenderer().render(representation)) not in tags:
        raise PreconditionFailed("It has changed since you looked. Get it again, then decide again.")


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
