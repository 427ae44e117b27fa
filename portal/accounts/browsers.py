"""A mark in the browser that somebody signed in with there, so that strangers' tries elsewhere do not count there."""

import hashlib
import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

COOKIE = "browser"
DAYS = 180
_SALT = "accounts.browser"


def remember(response: HttpResponseBase, email: str) -> None:
    """Mark the browser as one in which the person of this address has signed in."""
    text = f"{_digest(email)}:{secrets.token_hex(16)}"
    response.set_cookie(
        COOKIE,
        signing.TimestampSigner(salt=_SALT).sign(text),
        max_age=DAYS * 86_400,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def known_browser(request: HttpRequest, email: str) -> str | None:
    """Return the browser's name if the person of this address has signed in there; a forged mark is none."""
    try:
        text = signing.TimestampSigner(salt=_SALT).unsign(request.COOKIES.get(COOKIE, ""), max_age=DAYS * 86_400)
    except signing.BadSignature:
        return None
    account, _, name = text.partition(":")
    return name if account == _digest(email) else None


def _digest(email: str) -> str:
    return hashlib.sha256(email.strip().casefold().encode()).hexdigest()[:32]
