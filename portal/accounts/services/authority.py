"""The right to administer as it stands at this moment, and that somebody keeps it."""

from django.db import connection

from portal.accounts.choices import Role
from portal.accounts.errors import LastAdministrator
from portal.accounts.models import RoleGrant, User
from portal.accounts.roles import counts
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.core.clock import now

TURN = int.from_bytes(b"accounts", "big")  # advisory lock: one administers at a time


def require_now(actor: Actor, capability: str = "manage_users") -> None:
    """Require the capability as it stands now, and let nobody else administer until this transaction ends.

    The actor was built when the request began; since then the right may have been revoked, or the account closed.
    """
    actor.require(capability, None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
    if actor.user_id is not None:
        person_now(actor.user_id).require(capability, None)


def person_now(user_id: int) -> Actor:
    """Return a person as an actor with the grants in force at this moment."""
    return actor_for_user(User.objects.select_related("owner").get(pk=user_id), interactive=True)


def still_administers(user_id: int | None) -> bool:
    """Whether who began something may still manage people; the machine's own shell (None) always may."""
    return user_id is None or person_now(user_id).may("manage_users", None)


def require_somebody_stays(*, without_user: int | None = None, without_grant: int | None = None) -> None:
    """Raise LastAdministrator unless, without these, an active person administers with no end date."""
    rows = RoleGrant.objects.at(now()).filter(role=Role.ADMIN, granted_until=None, user__is_active=True)
    stay = [row for row in rows if row.user_id != without_user and row.pk != without_grant]
    if not any(counts(row.held) for row in stay):
        raise LastAdministrator(
            "Nobody else administers without an end date. Grant that to another person first, and have it confirmed."
        )
