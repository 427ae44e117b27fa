"""Granting, confirming and revoking roles and single capabilities."""

from datetime import datetime

from django.db import transaction

from portal.accounts.choices import Role, UserKind
from portal.accounts.errors import (
    GrantIsSettled,
    GrantNeedsAnotherAdmin,
    GrantNotForServiceAccounts,
    OwnAccountForbidden,
)
from portal.accounts.events import GRANT_CONFIRMED, GRANT_GIVEN, GRANT_REVOKED
from portal.accounts.models import RoleGrant, Team, User
from portal.accounts.models.grants import CONFIRMED_WITHIN
from portal.accounts.roles import CAPABILITIES, administers, needs_confirmation
from portal.accounts.services.authority import require_now, require_somebody_stays, still_administers
from portal.accounts.services.reauthentication import confirm_password
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append


@transaction.atomic
def grant_role(
    *,
    actor: Actor,
    user: User,
    role: str = "",
    capability: str = "",
    team: Team | None = None,
    granted_from: datetime | None = None,
    granted_until: datetime | None = None,
) -> RoleGrant:
    """Grant one role, or one capability, in a team or in all, from now or a later instant.

    Approver, validator, policy steward and administrator count only after `confirm_grant` by a second administrator.
    Raises Forbidden, OwnAccountForbidden, Invalid, GrantNotForServiceAccounts.
    """
    require_now(actor)
    if actor.user_id is not None and actor.user_id in {user.pk, user.owner_id}:
        raise OwnAccountForbidden(
            "You can't grant anything to yourself or to a service account of yours; another administrator can."
        )
    at = now()
    starts = max(granted_from or at, at)  # nobody was ever trusted in hindsight
    _check(user=user, role=role, capability=capability, team=team, starts=starts, ends=granted_until)
    grant = RoleGrant.objects.create(
        user=user,
        role=role,
        capability=capability,
        team=team,
        granted_from=starts,
        granted_until=granted_until,
        granted_by_id=actor.user_id,
        created_at=at,
    )
    _record(grant, actor=actor, event=GRANT_GIVEN)
    return grant


@transaction.atomic
def confirm_grant(*, actor: Actor, grant: RoleGrant, password: str) -> RoleGrant:
    """Confirm as a second administrator, neither giver nor holder, with one's password once more.

    Raises Forbidden, GrantNeedsAnotherAdmin, GrantIsSettled, and Invalid for a wrong password.
    """
    require_now(actor)
    row = _locked(grant)
    if actor.user_id is None or actor.user_id in {row.granted_by_id, row.user_id}:
        raise GrantNeedsAnotherAdmin("A grant is confirmed by an administrator who neither gave nor receives it.")
    if not needs_confirmation(role=row.role, capability=row.capability):
        raise GrantIsSettled("This grant needs no confirmation.")
    if row.state != "waiting":
        raise GrantIsSettled(
            "This grant was confirmed or revoked, or it has ended, or nobody confirmed it within "
            f"{CONFIRMED_WITHIN.days} days. Give it anew where it is still wanted."
        )
    if not row.user.is_active:
        raise GrantIsSettled(f"{row.user.name} is deactivated; open the account first.")
    if not still_administers(row.granted_by_id):
        raise GrantNeedsAnotherAdmin("Who gave this grant no longer administers. Revoke it, and give it anew.")
    confirm_password(user=User.objects.get(pk=actor.user_id), password=password)
    row.confirmed_by_id = actor.user_id
    row.save(update_fields=["confirmed_by"])
    _record(row, actor=actor, event=GRANT_CONFIRMED)
    return row


@transaction.atomic
def revoke_grant(*, actor: Actor, grant: RoleGrant) -> RoleGrant:
    """End a grant now, in sessions and tokens too.

    Raises OwnAccountForbidden for one's own administration, LastAdministrator, GrantIsSettled where it has ended.
    """
    require_now(actor)
    row = _locked(grant)
    if row.user_id == actor.user_id and administers(role=row.role, capability=row.capability):
        raise OwnAccountForbidden("You can't revoke your own administration; another administrator can.")
    if row.revoked_at is not None or _is_over(row):
        raise GrantIsSettled("This grant has ended.")
    if row.state == "active" and row.role == Role.ADMIN:
        require_somebody_stays(without_grant=row.pk)
    row.revoked_at = now()
    row.save(update_fields=["revoked_at"])
    _record(row, actor=actor, event=GRANT_REVOKED)
    return row


def _check(
    *, user: User, role: str, capability: str, team: Team | None, starts: datetime, ends: datetime | None
) -> None:
    fields: dict[str, list[str]] = {}
    if bool(role) == bool(capability):
        fields["role"] = ["Choose a role or one capability."]
    elif role and role not in Role.values:
        fields["role"] = [f"There is no role {role}."]
    elif capability and capability not in CAPABILITIES:
        fields["capability"] = [f"There is no capability {capability}."]
    if team is not None and administers(role=role, capability=capability):
        fields["team"] = ["Administration is of the whole installation; choose no team."]
    if ends is not None and ends <= starts:
        fields["granted_until"] = ["The grant ends before it begins."]
    if not user.is_active:
        fields["user"] = [f"{user.name} is deactivated."]
    if fields:
        raise Invalid("This can't be granted; see the fields.", fields=fields)
    if user.kind == UserKind.SERVICE and needs_confirmation(role=role, capability=capability):
        raise GrantNotForServiceAccounts("A service account never approves, validates, decides policy or administers.")


def _locked(grant: RoleGrant) -> RoleGrant:
    return RoleGrant.objects.select_for_update(of=("self",)).select_related("user").get(pk=grant.pk)


def _is_over(grant: RoleGrant) -> bool:
    return grant.granted_until is not None and grant.granted_until <= now()


def _record(grant: RoleGrant, *, actor: Actor, event: EventType) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject(
            "grant", str(grant.pk), f"{grant.role or grant.capability} for {grant.user.name}", grant.team_id
        ),
        data=grant.public_state(),
        topics=(grant.user.actor_id,),
    )
