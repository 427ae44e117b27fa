"""Who calls: a bearer token, or a person's browser session with its CSRF token."""

from typing import cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.accounts.models import User
from portal.accounts.selectors import actor_for_token, actor_for_user
from portal.accounts.services.tokens import use_token
from portal.core.actors import Actor
from portal.core.throttles import TOKEN, TooManyTries, place_of, take
from portal.core.traces import note_user


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer cs_...`; the actor's grants are narrowed by the token's scopes."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """Return user and actor; None where no bearer token was sent."""
        scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = use_token(raw.strip())
        if token is None:
            # Failures alone are counted: who has a working token is not held up by a stranger behind the same address.
            if wait := take((TOKEN, place_of(request.META.get("REMOTE_ADDR", "")))):
                raise TooManyTries("Too many requests with tokens that do not work.", wait=wait)
            raise AuthenticationFailed("This token is unknown, expired or revoked. Make a new one and send it again.")
        note_user(token.user.pk)
        return token.user, actor_for_token(token)

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """Return the challenge of a 401."""
        return 'Bearer realm="countersign"'


class BrowserAuthentication(SessionAuthentication):
    """A signed-in browser; unsafe methods need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """Return user and actor; None where nobody is signed in."""
        found = super().authenticate(request)
        if found is None:
            return None
        user = cast("User", found[0])
        note_user(user.pk)
        return user, actor_for_user(user, interactive=True)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema names the token."""

    target_class = BearerAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer", "description": "An API token, made on the Tokens page."}


class BrowserScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema names the session."""

    target_class = BrowserAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
