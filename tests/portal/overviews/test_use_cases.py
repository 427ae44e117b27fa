from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.core.actors import SYSTEM, Actor
from portal.core.querysets import visible
from portal.overviews.use_cases import (
    STATES,
    UseCaseOverview,
    in_state,
    linkable,
    teams_of_use_cases,
    use_case_overview,
    use_cases_table,
)
from registry.models import UseCase
from registry.selectors import with_state_now
from tests.factories.accounts import TeamFactory, actor_with, person_with
from tests.factories.registry import ActiveReleaseFactory, RegisteredModelFactory, UseCaseFactory

pytestmark = pytest.mark.django_db


def overview_of(use_case: UseCase, actor: Actor = SYSTEM) -> UseCaseOverview:
    return use_case_overview(actor, visible(with_state_now(UseCase.objects.with_names()), actor, pk=use_case.pk))


def test_use_cases_are_listed_with_their_models_counted() -> None:
    first, second = UseCaseFactory.create(), UseCaseFactory.create(approved=True)
    for _ in range(2):
        ActiveReleaseFactory.create(version__model__use_case=second)
    rows: Any = use_cases_table(SYSTEM).order_by("pk")
    assert [(row.pk, row.state_now, row.model_count) for row in rows] == [
        (first.pk, "proposed", 0), (second.pk, "in_use", 2)
    ]  # fmt: skip


def test_the_table_is_narrowed_to_a_state() -> None:
    made = {
        "proposed": UseCaseFactory.create(),
        "approved_for_development": UseCaseFactory.create(approved=True),
        "retired": UseCaseFactory.create(retired=True),
        "not_a_model": UseCaseFactory.create(rejected=True, not_a_model=True),
    }
    rejected = UseCaseFactory.create(rejected=True)
    for state, _ in STATES:
        found = {row.pk for row in in_state(use_cases_table(SYSTEM), state)}
        expected = {made[state].pk} if state in made else set()
        assert found == (expected if state != "rejected" else {rejected.pk, made["not_a_model"].pk}), state


def test_another_teams_use_cases_are_not_listed() -> None:
    use_case = UseCaseFactory.create()
    stranger = actor_with(Role.VIEWER, team=TeamFactory.create())
    assert list(use_cases_table(stranger)) == []
    assert teams_of_use_cases(stranger) == []
    assert teams_of_use_cases(SYSTEM) == [(use_case.team.slug, use_case.team.name)]


def test_who_may_decide_is_told_without_those_who_had_a_hand_in_it() -> None:
    validator, owner = person_with(Role.VALIDATOR), person_with(Role.VALIDATOR)
    overview = overview_of(UseCaseFactory.create(owner=owner))
    assert list(overview.deciders) == [validator]
    assert (overview.is_open, overview.may_be_changed, overview.may_be_retired) == (True, True, False)
    closed = overview_of(UseCaseFactory.create(approved=True))
    assert (list(closed.deciders), closed.is_open, closed.may_be_retired) == ([], False, True)


def test_models_are_told_with_what_production_runs() -> None:
    use_case = UseCaseFactory.create(approved=True)
    release = ActiveReleaseFactory.create(version__model__use_case=use_case, version__model__team=use_case.team)
    RegisteredModelFactory.create(use_case=use_case, team=use_case.team)
    found: Any = overview_of(use_case).models
    assert [model.production_number for model in found] == [release.version.number, None]


@pytest.mark.parametrize(("columns", "words"), [({}, "is proposed"), ({"retired": True}, "is retired")])
def test_live_decisions_that_nobody_approved_are_warned_of(columns: dict[str, bool], words: str) -> None:
    use_case = UseCaseFactory.create(**columns)
    assert overview_of(use_case).warning == ""
    ActiveReleaseFactory.create(version__model__use_case=use_case)
    assert words in overview_of(use_case).warning
    approved = UseCaseFactory.create(approved=True)
    ActiveReleaseFactory.create(version__model__use_case=approved)
    assert overview_of(approved).warning == ""


def test_a_model_can_be_linked_to_what_its_team_has_open() -> None:
    model = RegisteredModelFactory.create()
    kept = [
        UseCaseFactory.create(team=model.team, slug="a"),
        UseCaseFactory.create(team=model.team, slug="b", approved=True),
    ]
    UseCaseFactory.create(team=model.team, rejected=True)
    UseCaseFactory.create()
    assert list(linkable(model)) == kept
