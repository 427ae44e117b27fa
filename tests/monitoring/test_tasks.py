"""The task as a worker calls it: real jobs, real rows, real models in the real cage."""

from functools import partial
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq
import pytest

from monitoring.models import ValidationRun
from monitoring.runners import scoring, validation
from monitoring.services.profiles import request_profile
from monitoring.services.runs import request_run
from monitoring.tasks import profile, validate
from portal.accounts.choices import Role
from portal.core.actors import SYSTEM, Actor
from portal.core.sandbox import CagedResult, CageUnavailable, Limits, run_caged
from portal.jobs.models import Job
from registry.models import ModelVersion
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.monitoring import PlanFactory
from tests.factories.registry import (
    ActiveReleaseFactory,
    DatasetFactory,
    FeaturePipelineVersionFactory,
    SealedVersionFactory,
    SnapshotFactory,
    stored,
)
from tests.monitoring import files
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db(transaction=True)
COLUMNS = [{"name": name, "type": kind} for name, kind in files.COLUMNS.items()]
PLAN = {
    "task": "binary",
    "label_column": "label",
    "unit_column": "day",
    "slices": ["site", "shift"],
    "metrics": ["auc", "log_loss"],
    "margins": {"auc": 0.01},
    "threshold": 0.5,
    "resamples": 200,
}


@pytest.fixture
def developer() -> Actor:
    return actor_with(Role.DEVELOPER)


def sealed(data: bytes, like: ModelVersion | None = None) -> ModelVersion:
    """Return a sealed version of these bytes; of a model with a plan and held-out rows of its own, or the same."""
    pipeline = FeaturePipelineVersionFactory.create(columns=["a", "b"])
    columns = {"feature_pipeline_version": pipeline, "blob": stored(data)}
    if like is not None:
        again: ModelVersion = SealedVersionFactory.create(model=like.model, **columns)
        return again
    team = TeamFactory.create()
    version: ModelVersion = SealedVersionFactory.create(model__team=team, **columns)
    held_out = SnapshotFactory.create(
        dataset=DatasetFactory.create(team=team), blob=stored(files.parquet(files.held_out_rows())), columns=COLUMNS
    )
    PlanFactory.create(model=version.model, held_out=held_out, specification=PLAN)
    return version


def job_of(run: ValidationRun) -> Job:
    return Job.objects.get(subject_type="run", subject_id=str(run.pk))


def validated(actor: Actor, version: ModelVersion, *, attempts: int = 1) -> ValidationRun:
    run = request_run(actor=actor, version=version)
    for _ in range(attempts):
        validate(run.job_id or 0)
    run.refresh_from_db()
    assert replayed("run")[str(run.pk)] == run.public_state()
    return run


def test_a_sealed_version_is_validated_beside_production(developer: Actor) -> None:
    champion = sealed(files.linear_onnx(0.5, 0.5))
    ActiveReleaseFactory.create(version=champion)
    run = validated(developer, sealed(files.linear_onnx(2, 0), like=champion))
    job = job_of(run)
    assert (run.state, run.cause, job.state) == ("passed", "", "done")
    assert (job.progress_done, job.progress_message) == (200, "Measuring calibration")
    assert run.measurements.filter(measured="difference", name="auc", slice_column="", lower__gt=0).exists()
    assert run.measurements.exclude(slice_column="").filter(measured="candidate").exists()


def test_a_second_delivery_of_the_job_changes_nothing(developer: Actor) -> None:
    run = validated(developer, sealed(files.linear_onnx(2, 0)[:-20]))
    before = run.public_state(), run.finished_at
    validate(run.job_id or 0)
    run.refresh_from_db()
    assert (run.public_state(), run.finished_at) == before
    assert (run.state, run.cause[:36]) == ("errored", "Scores: The model could not be score")


def test_an_endless_predict_leaves_a_run_that_timed_out(developer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    short = partial(validation.run, limits=Limits(cpu_seconds=60, wall_seconds=4))
    monkeypatch.setattr("monitoring.runners.validation.run", short)
    run = validated(developer, sealed(files.endless_onnx()))
    assert (run.state, job_of(run).state) == ("timed_out", "done")
    assert "did not end within 4 seconds" in run.cause


def test_without_a_cage_nothing_is_scored(developer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise CageUnavailable("Untrusted files are not opened on this machine: resource limits can't be set.")

    monkeypatch.setattr("monitoring.runners.scoring.run_caged", refuse)
    run = validated(developer, sealed(files.linear_onnx(2, 0)), attempts=3)
    assert (run.state, job_of(run).state) == ("errored", "failed")
    assert run.cause == "Untrusted files are not opened on this machine: resource limits can't be set."


def test_a_defect_ends_as_errored(developer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("monitoring.runners.scoring.run_caged", break_down)
    run = request_run(actor=developer, version=sealed(files.linear_onnx(2, 0)))
    with pytest.raises(ZeroDivisionError):
        validate(run.job_id or 0)
    run.refresh_from_db()
    assert run.state == "errored"
    assert "ZeroDivisionError" in run.cause


def test_a_request_to_stop_kills_the_child_and_leaves_a_cancelled_run(
    developer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = request_run(actor=developer, version=sealed(files.endless_onnx()))

    def told(**arguments: Any) -> CagedResult:
        if arguments["module"] == scoring.SCORE:
            Job.objects.filter(pk=job_of(run).pk).update(cancel_requested=True)
        return run_caged(**arguments)

    monkeypatch.setattr("monitoring.runners.scoring.run_caged", told)
    validate(run.job_id or 0)
    run.refresh_from_db()
    assert (run.state, run.cause) == ("cancelled", "The run was cancelled.")
    assert not run.measurements.exists()


def test_a_snapshots_columns_are_counted_by_its_job() -> None:
    data = files.parquet(files.held_out_rows())
    schema = pq.read_schema(BytesIO(data))
    columns = [{"name": one.name, "type": str(one.type)} for one in schema]
    asked = request_profile(actor=SYSTEM, snapshot=SnapshotFactory.create(blob=stored(data), columns=columns))
    profile(asked.job_id or 0)
    asked.refresh_from_db()
    assert (asked.state, asked.reason, len(asked.digest)) == ("done", "", 64)
    assert [row.name for row in asked.columns.all()] == schema.names
    assert Job.objects.get(pk=asked.job_id or 0).state == "done"
    assert replayed("profile") == {str(asked.pk): asked.public_state()}


def test_rows_that_the_store_lost_end_the_profile_with_the_reason() -> None:
    asked = request_profile(actor=SYSTEM, snapshot=SnapshotFactory.create())
    profile(asked.job_id or 0)
    asked.refresh_from_db()
    assert asked.state == "failed"
    assert asked.reason.startswith("The store has no bytes")
