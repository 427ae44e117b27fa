"""Validation plans and runs over REST."""

from typing import Any

import pytest

from monitoring.choices import VALIDATE
from monitoring.models import ValidationPlan
from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.jobs.models import Job
from registry.models import DatasetSnapshot, RegisteredModel
from tests.factories.monitoring import FinishedRunFactory, PlanFactory
from tests.factories.registry import (
    DatasetFactory,
    RegisteredModelFactory,
    SealedVersionFactory,
    SnapshotFactory,
    VersionFactory,
)
from tests.portal.api.callers import Caller, caller, fields_of, problem_of

PLANS = "/models/limits/validation-plans"
RUNS = "/models/limits/versions/1/validation-runs"
BODY = {"held_out": {"dataset": "held-out", "number": 1}, "specification": {"label_column": "label"}}


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    found: RegisteredModel = RegisteredModelFactory.create(slug="limits", team=team)
    return found


@pytest.fixture
def held_out(team: Team) -> DatasetSnapshot:
    found: DatasetSnapshot = SnapshotFactory.create(dataset=DatasetFactory.create(slug="held-out", team=team))
    return found


@pytest.fixture
def validator(team: Team) -> Caller:
    return caller(Role.VALIDATOR, team=team)


def test_plan_is_fixed_with_the_defaults_of_the_task(
    validator: Caller, model: RegisteredModel, held_out: DatasetSnapshot
) -> None:
    made = validator.post(PLANS, BODY)
    assert made.status_code == 201
    assert (made.json()["number"], made.json()["held_out"]) == (1, "held-out 1")
    assert made.json()["specification"]["resamples"] == 2000
    assert validator.get(PLANS).json()["results"] == [made.json()]
    assert problem_of(validator.post(PLANS, BODY), 409, "plan_unchanged")


@pytest.mark.usefixtures("model", "held_out")
@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"held_out": {"dataset": "held-out", "number": 2}}, 400, "held_out"),
        ({"held_out": None}, 400, "held_out"),
        ({"specification": "label"}, 400, "specification"),
        ({"specification": {}}, 422, "specification"),
        ({"specification": {"label_column": "none"}}, 422, "specification"),
        ({"specification": {"label_column": "\x00"}}, 422, "specification"),
        ({"specification": {"label_column": "label", "resamples": "many"}}, 422, "specification"),
        ({"specification": {"label_column": "label", "colour": 1}}, 422, "specification"),
    ],
)
def test_plan_that_breaks_a_rule_is_refused(validator: Caller, change: dict[str, Any], status: int, field: str) -> None:
    assert fields_of(validator.post(PLANS, BODY | change), status, "invalid") == {field}
    assert not ValidationPlan.objects.exists()


def test_held_out_rows_of_another_team_are_like_none(validator: Caller, model: RegisteredModel) -> None:
    SnapshotFactory.create(dataset__slug="held-out")
    assert fields_of(validator.post(PLANS, BODY), 400, "invalid") == {"held_out"}


def test_only_validators_fix_plans(
    developer: Caller, stranger: Caller, model: RegisteredModel, held_out: DatasetSnapshot
) -> None:
    assert problem_of(developer.post(PLANS, BODY), 403, "missing_capability")
    assert problem_of(stranger.post(PLANS, BODY), 404, "not_found")
    assert problem_of(stranger.get(PLANS), 404, "not_found")


def test_run_is_requested_once_at_a_time(developer: Caller, model: RegisteredModel) -> None:
    SealedVersionFactory.create(model=model)
    PlanFactory.create(model=model)
    requested = developer.post(RUNS)
    assert (requested.status_code, requested.json()["state"]) == (202, "queued")
    assert Job.objects.get().kind == VALIDATE
    assert problem_of(developer.post(RUNS), 409, "run_is_open")


def test_nothing_is_scored_before_its_inspection_or_without_a_plan(developer: Caller, model: RegisteredModel) -> None:
    VersionFactory.create(model=model)
    assert problem_of(developer.post(RUNS), 409, "version_not_sealed")
    SealedVersionFactory.create(model=model)
    assert problem_of(developer.post(RUNS.replace("/1/", "/2/")), 409, "no_plan")


def test_finished_run_shows_checks_and_measurements(viewer: Caller, stranger: Caller, model: RegisteredModel) -> None:
    champion = SealedVersionFactory.create(model=model)
    version = SealedVersionFactory.create(model=model)
    run = FinishedRunFactory.create(version=version, champion=champion, plan=PlanFactory.create(model=model))
    body = viewer.get(f"/validation-runs/{run.pk}").json()
    assert (body["state"], body["version"], body["champion"]) == ("passed", "limits v2", "limits v1")
    assert {check["key"] for check in body["checks"]} >= {"schema", "missing"}
    auc = next(row for row in body["measurements"] if (row["measured"], row["name"]) == ("candidate", "auc"))
    assert auc["lower"] < auc["value"] < auc["upper"]
    assert viewer.get(RUNS.replace("/1/", "/2/")).json()["results"] == [body]
    for path in (f"/validation-runs/{run.pk}", RUNS):
        assert problem_of(stranger.get(path), 404, "not_found")
    assert problem_of(stranger.post(RUNS), 404, "not_found")
    assert problem_of(viewer.post(RUNS), 403, "missing_capability")
