"""What accounts refuse, as facts."""

from portal.core.errors import Conflict, Forbidden, Invalid


class GrantNeedsAnotherAdmin(Forbidden):
    """Neither who gave a grant nor who holds it can confirm it."""

    code = "grant_needs_another_admin"


class GrantIsSettled(Conflict):
    """The grant was confirmed, revoked or has ended."""

    code = "grant_is_settled"


class GrantNotForServiceAccounts(Invalid):
    """A machine never approves, validates or decides policy."""

    code = "grant_not_for_service_accounts"


class OwnAccountForbidden(Forbidden):
    """Administrators can't lock themselves out: somebody must remain."""

    code = "own_account_forbidden"


class TokenOfAnotherForbidden(Forbidden):
    """A person's tokens are made by that person, signed in."""

    code = "token_of_another_forbidden"
