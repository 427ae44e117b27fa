"""Who acts with what, now."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from portal.accounts.choices import Role
from portal.accounts.models import RoleGrant, Team
from portal.accounts.selectors import actor_for_token, actor_for_user, grants_visible_to, people_known_to, people_with
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM
from portal.core.clock import now
from tests.factories.accounts import (
    RoleGrantFactory,
    ServiceAccountFactory,
    TeamFactory,
    UserFactory,
    actor_with,
    person_with,
)

pytestmark = pytest.mark.django_db


def test_actor_holds_grants_in_force_now_and_no_others() -> None:
    user, team = UserFactory.create(), TeamFactory.create()
    hour = timedelta(hours=1)
    RoleGrantFactory.create(user=user, team=team, role=Role.DEVELOPER, granted_from=now() + hour)
    RoleGrantFactory.create(
        user=user, team=team, role=Role.OPERATOR, granted_from=now() - 2 * hour, granted_until=now() - hour
    )
    RoleGrantFactory.create(user=user, team=team, role=Role.AUDITOR, revoked_at=now())
    RoleGrantFactory.create(user=user, team=team, role=Role.APPROVER, confirmed_by=None)
    assert actor_for_user(user, interactive=True).grants == frozenset()
    RoleGrantFactory.create(user=user, team=team, role=Role.VIEWER, granted_until=now() + hour)
    actor = actor_for_user(user, interactive=True)
    assert actor.may("read", team.pk)
    assert not actor.may("read", TeamFactory.create().pk)
    assert not actor.may("read", None)
    assert actor.id == f"user:{user.pk}"


def test_building_an_actor_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = person_with(Role.DEVELOPER, Role.OPERATOR, Role.VIEWER)
    with django_assert_num_queries(1):
        actor_for_user(user, interactive=True)


def test_deactivated_person_holds_nothing() -> None:
    user = person_with(Role.DEVELOPER)
    user.is_active = False
    assert actor_for_user(user, interactive=True).grants == frozenset()


def test_service_account_never_signs_and_is_never_interactive() -> None:
    account = ServiceAccountFactory.create()
    RoleGrantFactory.create(user=account, role=Role.APPROVER)
    actor = actor_for_user(account, interactive=True)
    assert actor.may("read", 1)
    assert not actor.may("sign", 1)
    assert not actor.interactive
    assert (actor.id, actor.kind) == (f"service:{account.pk}", "service")


def test_service_account_stops_with_its_owner() -> None:
    account = ServiceAccountFactory.create(owner=UserFactory.create(is_active=False))
    RoleGrantFactory.create(user=account, role=Role.DEVELOPER)
    assert actor_for_user(account, interactive=False).grants == frozenset()


def test_token_of_an_approver_can_not_sign() -> None:
    user = person_with(Role.APPROVER, Role.DEVELOPER)
    made = create_token(actor=SYSTEM, user=user, name="ci", scopes=["read", "register_version"], days=1)
    actor = actor_for_token(made.token)
    assert actor.may("register_version", None)
    assert not actor.may("sign", None)
    assert not actor.may("write_card", None)
    assert not actor.interactive
    made.token.scopes = ["sign", "read"]  # even a row that says so
    assert not actor_for_token(made.token).may("sign", None)


def test_people_with_counts_people_in_role_in_this_team_now() -> None:
    team, other = TeamFactory.create(), TeamFactory.create()
    here = person_with(Role.APPROVER, team=team, name="Ada")
    everywhere = person_with(Role.APPROVER, name="Bo")
    person_with(Role.APPROVER, team=other)
    person_with(Role.APPROVER, team=team, is_active=False)
    person_with(Role.DEVELOPER, team=team)
    RoleGrantFactory.create(role=Role.APPROVER, team=team, confirmed_by=None)
    both = person_with(Role.APPROVER, team=team)
    RoleGrantFactory.create(user=both, role=Role.ADMIN)
    assert people_with("sign", team.pk) == [here, everywhere]
    assert people_with("sign", None) == [everywhere]


def test_people_with_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(3):
        person_with(Role.APPROVER)
    with django_assert_num_queries(1):
        assert len(people_with("sign", None)) == 3


def test_teams_and_grants_are_scoped() -> None:
    team = TeamFactory.create()
    TeamFactory.create()
    reader = actor_with(Role.VIEWER, team=team)
    assert list(Team.objects.visible_to(reader)) == [team]
    assert [grant.user_id for grant in grants_visible_to(reader)] == [reader.user_id]
    assert grants_visible_to(actor_with(Role.ADMIN)).count() == RoleGrant.objects.count()


def test_people_of_another_team_are_not_known_unless_one_reads_every_ledger() -> None:
    team, other = TeamFactory.create(), TeamFactory.create()
    colleague, stranger = person_with(Role.VIEWER, team=team), person_with(Role.DEVELOPER, team=other)
    everywhere = person_with(Role.APPROVER)
    known = set(people_known_to(actor_with(Role.VIEWER, team=team)))
    assert {colleague, everywhere} <= known
    assert stranger not in known
    assert stranger in people_known_to(actor_with(Role.AUDITOR))
