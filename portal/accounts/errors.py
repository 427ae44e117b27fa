"""What accounts refuse, as facts."""

from portal.core.errors import Conflict, Forbidden, Invalid, NotFound


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
    """Administrators neither raise themselves nor lock themselves out."""

    code = "own_account_forbidden"


class LastAdministrator(Conflict):
    """Nobody else would stay who administers without an end date."""

    code = "last_administrator"


class ChangeNeedsAnotherAdmin(Forbidden):
    """Neither who asked for a change of credentials nor whose they are can confirm it."""

    code = "change_needs_another_admin"


class ChangeIsSettled(Conflict):
    """The change of credentials took effect, was withdrawn or has expired."""

    code = "change_is_settled"


class LinkNotUsable(NotFound):
    """The link to set a password is unknown, used, withdrawn or expired."""

    code = "link_not_usable"


class LinkWaits(Conflict):
    """The link to set a password waits for a second administrator."""

    code = "link_waits"


class TokenOfAnotherForbidden(Forbidden):
    """A person's tokens are made by that person, signed in."""

    code = "token_of_another_forbidden"
