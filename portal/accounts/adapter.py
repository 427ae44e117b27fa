"""How allauth behaves here: nobody signs up, nobody is sent elsewhere, closed accounts look like unknown ones."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from portal.accounts.choices import UserKind
from portal.accounts.models import User
from portal.accounts.services.reauthentication import knows_password
from portal.accounts.sessions import AGENT, BEGUN
from portal.core.clock import now


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # it ships no types
    """Accounts are made by administrators; after signing in one stays within the portal."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Return False: sign-up is closed."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whether the address lies within the portal: a path, no other host."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def authenticate(self, request: HttpRequest, **credentials: str) -> User | None:
        """Return the active person; allauth would tell a stranger that a closed account exists."""
        user = super().authenticate(request, **credentials)
        known = isinstance(user, User) and user.kind == UserKind.PERSON and user.is_active
        return user if known else None

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, and note which browser it is, for the person's own list of sessions."""
        super().login(request, user)
        request.session[BEGUN] = now().isoformat()
        request.session[AGENT] = request.headers.get("User-Agent", "").replace("\0", "")[:200]

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether this is the person's password; allauth would look for address rows that we do not keep."""
        return knows_password(user=user, password=password)
