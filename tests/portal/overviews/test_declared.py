from datetime import timedelta

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.overviews.declared import SHOWN, SOON, declared_due, declared_line, today
from portal.overviews.inbox import inbox
from portal.overviews.models import model_overview
from portal.overviews.releases import release_overview
from tests.factories.accounts import RoleGrantFactory, TeamFactory, UserFactory, actor_with
from tests.factories.registry import ActiveReleaseFactory, DeclaredReleaseFactory, RegisteredModelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory.create()
    return made


def in_team(user: User, team: Team, role: str) -> Actor:
    RoleGrantFactory.create(user=user, role=role, team=team)
    return actor_for_user(user, interactive=True)


def test_what_is_late_or_soon_due_waits_for_its_owner_and_for_the_second_line(team: Team) -> None:
    owner, backup = UserFactory.create(), UserFactory.create()
    late = DeclaredReleaseFactory.create(
        model__team=team, model__owner=owner, model__backup=backup, deadline=today() - timedelta(days=2)
    )
    soon = DeclaredReleaseFactory.create(model__team=team, deadline=today() + SOON - timedelta(days=1))
    DeclaredReleaseFactory.create(model__team=team, deadline=today() + SOON)
    DeclaredReleaseFactory.create(deadline=today() - timedelta(days=9))
    DeclaredReleaseFactory.create(model__team=team, model__owner=owner, state="superseded", deadline=today())
    for user in (owner, backup):
        assert [one.release for one in declared_due(in_team(user, team, Role.DEVELOPER))] == [late]
    found = declared_due(actor_with(Role.VALIDATOR, team=team))
    assert [(one.release, one.overdue, one.due) for one in found] == [
        (late, True, "Overdue by 2 days"), (soon, False, "Due in 29 days")
    ]  # fmt: skip
    assert inbox(actor_with(Role.VALIDATOR, team=team)).declared == found
    assert declared_due(actor_with(Role.DEVELOPER, team=team)) == []


def test_who_lost_the_team_hears_no_more_of_it(team: Team) -> None:
    owner = UserFactory.create()
    DeclaredReleaseFactory.create(model__team=team, model__owner=owner, deadline=today() - timedelta(days=2))
    assert declared_due(actor_for_user(owner, interactive=True)) == []


def test_no_more_are_shown_than_fit(team: Team) -> None:
    for days in range(SHOWN + 1):
        DeclaredReleaseFactory.create(model__team=team, deadline=today() - timedelta(days=days))
    found = declared_due(actor_with(Role.VALIDATOR, team=team))
    assert len(found) == SHOWN
    assert found[0].due == f"Overdue by {SHOWN} days"


def test_pages_of_model_and_release_say_by_when(team: Team) -> None:
    reader = actor_with(Role.VIEWER, team=team)
    release = DeclaredReleaseFactory.create(model__team=team, deadline=today())
    assert model_overview(reader, release.model).declared == [declared_line(release)]
    found = release_overview(reader, release)
    assert found.declared == declared_line(release)
    assert "nobody approved it here" in found.verdict
    active = ActiveReleaseFactory.create(version__model=RegisteredModelFactory.create(team=team))
    assert release_overview(reader, active).declared is None
    assert model_overview(reader, active.model).declared == []
