from typing import Any

import pytest

from monitoring.models import ValidationPlan
from monitoring.rules.plans import default_plan
from monitoring.services.plans import fix_plan
from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Conflict, Forbidden, Invalid
from registry.choices import SnapshotState, Task
from registry.models import DatasetSnapshot, RegisteredModel
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.registry import RegisteredModelFactory, SnapshotFactory
from tests.portal.ledger.replay import replayed

COLUMNS = [{"name": name, "type": "double"} for name in ("x", "label", "day", "carrier")]


@pytest.fixture
def team(db: None) -> Team:
    made: Team = TeamFactory.create()
    return made


@pytest.fixture
def validator(team: Team) -> Actor:
    return actor_with(Role.VALIDATOR, team=team)


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team)
    return made


@pytest.fixture
def held_out(team: Team) -> DatasetSnapshot:
    made: DatasetSnapshot = SnapshotFactory.create(dataset__team=team, columns=COLUMNS)
    return made


def refused(**arguments: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refusal:
        fix_plan(**arguments)
    assert ValidationPlan.objects.count() == 0
    return refusal.value.fields


def test_what_is_left_out_takes_the_default_of_the_task(
    validator: Actor, model: RegisteredModel, held_out: DatasetSnapshot
) -> None:
    asked = {"label_column": "label", "unit_column": "day", "slices": ["carrier"], "margins": {"auc": 0}}
    plan = fix_plan(actor=validator, model=model, held_out=held_out, specification=asked)
    default = default_plan(task="binary", label_column="label").as_dict()
    assert plan.specification == default | asked
    assert (plan.number, plan.held_out, plan.created_by_id, len(plan.digest)) == (1, held_out, validator.user_id, 64)


def test_a_changed_plan_is_the_next_one_and_the_same_plan_is_refused(
    validator: Actor, model: RegisteredModel, held_out: DatasetSnapshot
) -> None:
    first = fix_plan(actor=validator, model=model, held_out=held_out, specification={"label_column": "label"})
    with pytest.raises(Conflict, match=r"Plan 1 of .* already says exactly this"):
        fix_plan(actor=validator, model=model, held_out=held_out, specification={"label_column": "label", "seed": 1})
    second = fix_plan(
        actor=validator, model=model, held_out=held_out, specification={"label_column": "label", "seed": 2}
    )
    assert second.number == 2
    assert second.digest != first.digest


def test_every_problem_of_a_specification_is_told(
    validator: Actor, model: RegisteredModel, held_out: DatasetSnapshot
) -> None:
    fields = refused(
        actor=validator,
        model=model,
        held_out=held_out,
        specification={"label_column": "label", "threshold": 2, "resamples": 1, "metrics": ["rmse"]},
    )
    assert fields == {
        "specification": [
            "“rmse” is not measured for binary.",
            "A binary plan needs a threshold from 0 to 1.",
            "Resamples lie between 200 and 20000.",
        ]
    }


def test_problems_of_rows_and_specification_are_told_together(
    validator: Actor, model: RegisteredModel, team: Team
) -> None:
    waiting = SnapshotFactory.create(dataset__team=team, state=SnapshotState.REFUSED)
    fields = refused(actor=validator, model=model, held_out=waiting, specification={})
    assert fields == {
        "held_out": ["The snapshot is refused; only one that is ready can be held out."],
        "specification": ["“label_column” is missing."],
    }


def test_columns_must_be_there(validator: Actor, model: RegisteredModel, held_out: DatasetSnapshot) -> None:
    asked = {"label_column": "late", "unit_column": "week", "slices": ["carrier", "origin"]}
    fields = refused(actor=validator, model=model, held_out=held_out, specification=asked)
    assert fields["specification"] == [
        f"The held-out snapshot has no column “{name}”." for name in ("late", "week", "origin")
    ]


def test_rows_of_another_team_are_not_there(validator: Actor, model: RegisteredModel) -> None:
    other = SnapshotFactory.create(columns=COLUMNS)
    fields = refused(actor=validator, model=model, held_out=other, specification={"label_column": "label"})
    assert fields == {"held_out": ["There is no such snapshot."]}


def test_erased_rows_can_not_be_held_out(validator: Actor, model: RegisteredModel, team: Team) -> None:
    erased = SnapshotFactory.create(dataset__team=team, columns=COLUMNS, blob=None, sha256="e" * 64, size=1)
    fields = refused(actor=validator, model=model, held_out=erased, specification={"label_column": "label"})
    assert fields == {"held_out": ["The snapshot's rows have been erased."]}


def test_a_plan_keeps_to_the_task_of_its_model(
    validator: Actor, model: RegisteredModel, held_out: DatasetSnapshot, team: Team
) -> None:
    asked = {"label_column": "label", "task": "regression"}
    fields = refused(actor=validator, model=model, held_out=held_out, specification=asked)
    assert fields["specification"] == ["The model's task is “binary”; its plan can't say “regression”."]
    ranking = RegisteredModelFactory.create(team=team, task=Task.RANKING)
    fields = refused(actor=validator, model=ranking, held_out=held_out, specification={"label_column": "label"})
    assert "“ranking” can't be validated yet" in fields["specification"][0]


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER, Role.APPROVER, Role.ADMIN, Role.AUDITOR])
def test_only_validators_fix_plans(role: Role, team: Team, model: RegisteredModel, held_out: DatasetSnapshot) -> None:
    with pytest.raises(Forbidden, match="may not fix what models are validated against"):
        fix_plan(
            actor=actor_with(role, team=team), model=model, held_out=held_out, specification={"label_column": "label"}
        )
    with pytest.raises(Forbidden, match="Only a person"):
        fix_plan(actor=SYSTEM, model=model, held_out=held_out, specification={"label_column": "label"})


def test_the_ledger_says_what_the_table_says(
    validator: Actor, model: RegisteredModel, held_out: DatasetSnapshot
) -> None:
    for seed in (1, 2):
        fix_plan(actor=validator, model=model, held_out=held_out, specification={"label_column": "label", "seed": seed})
    assert replayed("plan") == {str(plan.pk): plan.public_state() for plan in ValidationPlan.objects.all()}
