"""How allauth behaves here: nobody signs up, nobody is sent elsewhere, closed accounts look like unknown ones."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.forms import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from portal.accounts.browsers import known_browser, remember
from portal.accounts.choices import UserKind
from portal.accounts.models import User
from portal.accounts.services.reauthentication import knows_password
from portal.accounts.sessions import AGENT, BEGUN
from portal.core.clock import now
from portal.core.errors import DomainError
from portal.core.throttles import (
    LOGIN_ACCOUNT,
    LOGIN_ADDRESS,
    LOGIN_BROWSER,
    LOGIN_HERE,
    PASSWORD,
    Counted,
    TooManyTries,
    give_back,
    place_of,
    take,
)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # it ships no types
    """Accounts are made by administrators; after signing in one stays within the portal."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Return False: sign-up is closed."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whether the address lies within the portal: a path, no other host."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def pre_authenticate(self, request: HttpRequest, **credentials: str) -> None:
        """Count the try before the password is looked at; raises ValidationError that says how long to wait."""
        self._counted = login_counted(request, credentials.get("email", ""))
        if wait := take(*self._counted):
            raise _as_form_error(TooManyTries("Too many failed sign-ins.", wait=wait))

    def authenticate(self, request: HttpRequest, **credentials: str) -> User | None:
        """Return the active person; allauth would tell a stranger that a closed account exists."""
        user = super().authenticate(request, **credentials)
        known = isinstance(user, User) and user.kind == UserKind.PERSON and user.is_active
        if known:
            give_back(*self._counted)
        return user if known else None

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, and note which browser it is, for the person's own list of sessions."""
        super().login(request, user)
        request.session[BEGUN] = now().isoformat()
        request.session[AGENT] = request.headers.get("User-Agent", "").replace("\0", "")[:200]

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase:
        """Send the person on, in a browser that is known from now on."""
        response: HttpResponseBase = super().post_login(request, user, **kwargs)
        remember(response, user.email)
        return response

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether this is the person's password; allauth would look for address rows that we do not keep."""
        counted = (PASSWORD, user.actor_id)
        if wait := take(counted):
            raise _as_form_error(TooManyTries("Too many wrong passwords.", wait=wait))
        known = knows_password(user=user, password=password)
        if known:
            give_back(counted)
        return known


def login_counted(request: HttpRequest, email: str) -> tuple[Counted, ...]:
    """Return under which limits a try to sign in counts: a browser that is known to the account by itself."""
    account, place = email.strip().casefold(), place_of(request.META.get("REMOTE_ADDR", ""))
    if (browser := known_browser(request, email)) is not None:
        return ((LOGIN_BROWSER, f"{account} {browser}"),)
    return ((LOGIN_HERE, f"{account} {place}"), (LOGIN_ADDRESS, place), (LOGIN_ACCOUNT, account))


def _as_form_error(refused: DomainError) -> ValidationError:
    return ValidationError(refused.message, code=refused.code)
