"""Nobody raises themselves, alone or by exchange; somebody always stays who administers."""

from datetime import timedelta

import pytest

from portal.accounts.choices import Role
from portal.accounts.errors import GrantIsSettled, GrantNeedsAnotherAdmin, LastAdministrator, OwnAccountForbidden
from portal.accounts.models import RoleGrant, User
from portal.accounts.models.grants import CONFIRMED_WITHIN
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.grants import confirm_grant, grant_role, revoke_grant
from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from portal.core.errors import Forbidden, Invalid
from tests.factories.accounts import (
    PASSWORD,
    RoleGrantFactory,
    ServiceAccountFactory,
    UserFactory,
    actor_with,
    person_with,
)

pytestmark = pytest.mark.django_db


def acting(user: User) -> Actor:
    return actor_for_user(user, interactive=True)


def grant_of(actor: Actor) -> RoleGrant:
    return RoleGrant.objects.get(user_id=actor.user_id or 0)


def test_administrator_grants_nothing_to_oneself_or_to_an_own_service_account() -> None:
    admin = person_with(Role.ADMIN)
    account = ServiceAccountFactory.create(owner=admin)
    for user in (admin, account):
        with pytest.raises(OwnAccountForbidden):
            grant_role(actor=acting(admin), user=user, role=Role.VIEWER)


def test_two_administrators_can_not_raise_each_other() -> None:
    ann, bo = person_with(Role.ADMIN), person_with(Role.ADMIN)
    for_bo = grant_role(actor=acting(ann), user=bo, role=Role.POLICY_STEWARD)
    for_ann = grant_role(actor=acting(bo), user=ann, role=Role.POLICY_STEWARD)
    for admin in (ann, bo):
        for grant in (for_ann, for_bo):
            with pytest.raises(GrantNeedsAnotherAdmin):
                confirm_grant(actor=acting(admin), grant=grant, password=PASSWORD)
    third = actor_with(Role.ADMIN)
    confirm_grant(actor=third, grant=for_bo, password=PASSWORD)
    assert acting(bo).may("publish_policy", None)
    assert not acting(ann).may("publish_policy", None)


def test_administrator_made_by_one_confirms_nothing_until_another_confirmed_them() -> None:
    ann, bo, puppet = actor_with(Role.ADMIN), actor_with(Role.ADMIN), UserFactory.create()
    administration = grant_role(actor=ann, user=puppet, role=Role.ADMIN)
    approver = grant_role(actor=ann, user=UserFactory.create(), role=Role.APPROVER)
    with pytest.raises(Forbidden):
        confirm_grant(actor=acting(puppet), grant=approver, password=PASSWORD)
    confirm_grant(actor=bo, grant=administration, password=PASSWORD)
    confirm_grant(actor=acting(puppet), grant=approver, password=PASSWORD)


def test_open_session_alone_confirms_nothing() -> None:
    ann, bo = actor_with(Role.ADMIN), actor_with(Role.ADMIN)
    grant = grant_role(actor=ann, user=UserFactory.create(), role=Role.APPROVER)
    with pytest.raises(Invalid, match="password is wrong"):
        confirm_grant(actor=bo, grant=grant, password="a guess")
    assert RoleGrant.objects.get(pk=grant.pk).confirmed_by is None


def test_administrator_who_was_revoked_meanwhile_confirms_nothing() -> None:
    ann, bo, cy = actor_with(Role.ADMIN), actor_with(Role.ADMIN), actor_with(Role.ADMIN)
    grant = grant_role(actor=ann, user=UserFactory.create(), role=Role.APPROVER)
    revoke_grant(actor=cy, grant=grant_of(bo))
    assert bo.may("manage_users", None), "built before: it knows nothing of it"
    with pytest.raises(Forbidden):
        confirm_grant(actor=bo, grant=grant, password=PASSWORD)
    with pytest.raises(Forbidden):
        grant_role(actor=bo, user=UserFactory.create(), role=Role.VIEWER)


def test_grant_of_who_no_longer_administers_is_not_confirmed() -> None:
    ann, bo = actor_with(Role.ADMIN), actor_with(Role.ADMIN)
    grant = grant_role(actor=ann, user=UserFactory.create(), role=Role.APPROVER)
    revoke_grant(actor=bo, grant=grant_of(ann))
    with pytest.raises(GrantNeedsAnotherAdmin, match="no longer administers"):
        confirm_grant(actor=bo, grant=grant, password=PASSWORD)


def test_grant_that_nobody_confirmed_in_time_has_lapsed() -> None:
    giver = UserFactory.create()
    grant = RoleGrantFactory.create(
        role=Role.APPROVER, granted_by=giver, confirmed_by=None, created_at=now() - CONFIRMED_WITHIN
    )
    assert grant.state == "lapsed"
    with pytest.raises(GrantIsSettled, match="14 days"):
        confirm_grant(actor=actor_with(Role.ADMIN), grant=grant, password=PASSWORD)


def test_grant_that_ended_or_was_revoked_is_not_confirmed() -> None:
    admin, giver, hour = actor_with(Role.ADMIN), UserFactory.create(), timedelta(hours=1)
    over = RoleGrantFactory.create(
        role=Role.APPROVER,
        granted_by=giver,
        confirmed_by=None,
        granted_from=now() - 2 * hour,
        granted_until=now() - hour,
    )
    revoked = RoleGrantFactory.create(role=Role.APPROVER, granted_by=giver, confirmed_by=None, revoked_at=now())
    assert (over.state, revoked.state) == ("expired", "revoked")
    for grant in (over, revoked):
        with pytest.raises(GrantIsSettled):
            confirm_grant(actor=admin, grant=grant, password=PASSWORD)


def test_grant_of_a_deactivated_person_is_not_confirmed() -> None:
    grant = grant_role(actor=actor_with(Role.ADMIN), user=UserFactory.create(), role=Role.APPROVER)
    User.objects.filter(pk=grant.user_id).update(is_active=False)
    with pytest.raises(GrantIsSettled, match="deactivated"):
        confirm_grant(actor=actor_with(Role.ADMIN), grant=grant, password=PASSWORD)


def test_what_needs_no_confirmation_takes_none() -> None:
    grant = grant_role(actor=actor_with(Role.ADMIN), user=UserFactory.create(), role=Role.VIEWER)
    with pytest.raises(GrantIsSettled, match="needs no confirmation"):
        confirm_grant(actor=actor_with(Role.ADMIN), grant=grant, password=PASSWORD)


def test_last_who_administers_without_an_end_date_stays() -> None:
    lasting = actor_with(Role.ADMIN)
    passing = acting(RoleGrantFactory.create(role=Role.ADMIN, granted_until=now() + timedelta(days=1)).user)
    with pytest.raises(LastAdministrator):
        revoke_grant(actor=passing, grant=grant_of(lasting))
    unconfirmed = grant_role(actor=lasting, user=UserFactory.create(), role=Role.ADMIN)
    with pytest.raises(LastAdministrator):
        revoke_grant(actor=passing, grant=grant_of(lasting))
    confirm_grant(actor=passing, grant=unconfirmed, password=PASSWORD)
    revoke_grant(actor=passing, grant=grant_of(lasting))


def test_single_capability_to_manage_people_is_of_no_team_and_not_given_up_by_oneself() -> None:
    holder = RoleGrantFactory.create(role="", capability="manage_users", confirmed_by=UserFactory.create())
    with pytest.raises(OwnAccountForbidden):
        revoke_grant(actor=acting(holder.user), grant=holder)
    revoke_grant(actor=SYSTEM, grant=holder)
