"""The life of a run, without its work: results come from simulated scores."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.choices import VALIDATE, CheckOutcome, RunState
from monitoring.models import Measurement, ValidationCheck, ValidationRun
from monitoring.rules.outcomes import RunOutcome, complete
from monitoring.runners.validation import ValidationResult
from monitoring.services.runs import MOST_OPEN, begin_run, close_run, finish_run, request_run
from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import SYSTEM, Actor
from portal.core.canonical import digest_of
from portal.core.errors import Conflict, DomainError, Forbidden
from portal.jobs.models import Job
from portal.ledger.models import PendingEntry
from registry.choices import VersionState
from registry.models import ModelVersion
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.monitoring import PlanFactory, RunFactory, simulated
from tests.factories.registry import (
    ActiveReleaseFactory,
    DatasheetFactory,
    FeaturePipelineVersionFactory,
    SealedVersionFactory,
    VersionFactory,
)
from tests.portal.ledger.replay import replayed


@pytest.fixture
def team(db: None) -> Team:
    made: Team = TeamFactory.create()
    return made


@pytest.fixture
def developer(team: Team) -> Actor:
    return actor_with(Role.DEVELOPER, team=team)


@pytest.fixture
def version(team: Team) -> ModelVersion:
    """A sealed version of a model that has a plan."""
    made: ModelVersion = SealedVersionFactory.create(model__team=team)
    PlanFactory.create(model=made.model)
    return made


def failed() -> ValidationResult:
    return ValidationResult(RunOutcome(RunState.FAILED, ("Scores: 3 are NaN.",)), complete((), "None."), ())


def test_a_request_keeps_the_plan_and_what_is_in_production_and_asks_for_the_job(
    developer: Actor, version: ModelVersion
) -> None:
    champion = ActiveReleaseFactory.create(version=SealedVersionFactory.create(model=version.model)).version
    newest = PlanFactory.create(model=version.model)
    run = request_run(actor=developer, version=version)
    assert (run.plan, run.champion, run.state, run.requested_by) == (newest, champion, "queued", developer.id)
    job = Job.objects.get(subject_type="run", subject_id=str(run.pk))
    assert job.pk == run.job_id
    assert (job.kind, job.arguments, job.team_id) == (VALIDATE, {"run_id": run.pk}, version.model.team_id)
    PlanFactory.create(model=version.model)
    run.refresh_from_db()
    assert run.plan == newest


def test_a_version_is_not_compared_with_itself(developer: Actor, version: ModelVersion) -> None:
    ActiveReleaseFactory.create(version=version)
    assert request_run(actor=developer, version=version).champion is None


def test_a_withdrawn_version_in_production_is_not_opened(developer: Actor, version: ModelVersion) -> None:
    old = SealedVersionFactory.create(model=version.model, state=VersionState.QUARANTINED)
    ActiveReleaseFactory.create(version=old)
    assert request_run(actor=developer, version=version).champion is None


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (VersionState.RECEIVING, "still being received: add its files and submit it"),
        (VersionState.INSPECTING, "being inspected: wait until it is sealed"),
        (VersionState.QUARANTINED, "quarantined: register a new version"),
        (VersionState.FAILED, "inspection failed: register a new version"),
        (VersionState.WITHDRAWN, "withdrawn: register a new version"),
    ],
)
def test_a_version_that_is_not_sealed_is_refused_with_what_to_do(
    team: Team, developer: Actor, state: str, words: str
) -> None:
    version = VersionFactory.create(model__team=team, state=state)
    PlanFactory.create(model=version.model)
    with pytest.raises(Conflict, match=words):
        request_run(actor=developer, version=version)


def test_a_model_without_a_plan_is_refused_with_what_to_do(team: Team, developer: Actor) -> None:
    with pytest.raises(Conflict, match="has no validation plan: a validator fixes one"):
        request_run(actor=developer, version=SealedVersionFactory.create(model__team=team))


def test_a_second_run_while_one_is_open_is_refused(developer: Actor, version: ModelVersion) -> None:
    run = request_run(actor=developer, version=version)
    with pytest.raises(Conflict, match=f"Run {run.pk} of .* is not over"):
        request_run(actor=developer, version=version)
    with pytest.raises(IntegrityError, match="one_open_run"), transaction.atomic():
        RunFactory.create(version=version, plan=run.plan)
    close_run(run_id=run.pk, state=RunState.CANCELLED, cause="The run was cancelled.")
    assert request_run(actor=developer, version=version).pk != run.pk


def test_a_team_has_a_few_open_runs_at_most_and_leaves_room_to_others(team: Team, developer: Actor) -> None:
    runs = []
    for _ in range(MOST_OPEN):
        plan = PlanFactory.create(model__team=team)
        runs.append(request_run(actor=developer, version=SealedVersionFactory.create(model=plan.model)))
    more = SealedVersionFactory.create(model=PlanFactory.create(model__team=team).model)
    for actor in (developer, SYSTEM):
        with pytest.raises(Conflict, match=f"{MOST_OPEN} validation runs of .* wait for one") as refused:
            request_run(actor=actor, version=more)
        assert refused.value.code == "too_many_runs"
    elsewhere = SealedVersionFactory.create(model=PlanFactory.create().model)
    assert request_run(actor=SYSTEM, version=elsewhere).state == RunState.QUEUED
    close_run(run_id=runs[0].pk, state=RunState.CANCELLED, cause="The run was cancelled.")
    assert request_run(actor=developer, version=more).state == RunState.QUEUED


def test_rows_that_were_trained_on_are_refused(developer: Actor, version: ModelVersion) -> None:
    PlanFactory.create(model=version.model, held_out=version.training_run.training_snapshot)
    with pytest.raises(Conflict, match="was trained on the rows that plan 2 of"):
        request_run(actor=developer, version=version)


def test_only_who_may_request_does(team: Team, version: ModelVersion) -> None:
    for actor in (actor_with(Role.VIEWER, team=team), actor_with(Role.DEVELOPER, team=TeamFactory.create())):
        with pytest.raises(Forbidden, match="may not have versions validated"):
            request_run(actor=actor, version=version)
    assert request_run(actor=actor_with(Role.VALIDATOR, team=team), version=version).state == "queued"


def test_begin_returns_all_that_the_work_needs(developer: Actor, team: Team) -> None:
    pipeline = FeaturePipelineVersionFactory.create(columns=["a", "b"])
    claims = [{"metric": "auc", "value": 0.7, "n": 100, "snapshot_sha256": "a" * 64}]
    version = SealedVersionFactory.create(model__team=team, feature_pipeline_version=pipeline, claims=claims)
    plan = PlanFactory.create(model=version.model)
    run = request_run(actor=developer, version=version)
    order = begin_run(run_id=run.pk)
    assert (order.table, order.plan.as_dict()) == (plan.held_out.sha256, plan.specification)
    assert (order.candidate.features, order.candidate.media_type) == (("a", "b"), "application/vnd.onnx")
    assert order.candidate.sha256 == version.artifacts.get().sha256
    assert (order.champion, order.claims[0].snapshot) == (None, "a" * 64)
    assert order.columns == {"day": "date32[day]", "x": "double", "label": "int64"}
    assert order.may_quote
    DatasheetFactory.create(dataset=plan.held_out.dataset, sensitive=["x"])
    assert not begin_run(run_id=run.pk).may_quote, "from the moment the datasheet is written"
    run.refresh_from_db()
    assert run.state == "running"
    assert run.started_at is not None


def test_a_run_whose_worker_was_lost_is_taken_up_again_and_started_once(
    developer: Actor, version: ModelVersion
) -> None:
    run = request_run(actor=developer, version=version)
    assert begin_run(run_id=run.pk) == begin_run(run_id=run.pk)
    names = [bytes(row).decode() for row in PendingEntry.objects.values_list("payload", flat=True)]
    assert sum('"monitoring.run.started"' in name for name in names) == 1


def test_a_version_that_was_withdrawn_meanwhile_is_not_opened(developer: Actor, version: ModelVersion) -> None:
    run = request_run(actor=developer, version=version)
    version.state = VersionState.WITHDRAWN
    version.save(update_fields=["state"])
    with pytest.raises(Conflict, match="is withdrawn: it is not scored"):
        begin_run(run_id=run.pk)


def test_finishing_keeps_numbers_checks_and_results_under_their_digest(developer: Actor, version: ModelVersion) -> None:
    run = request_run(actor=developer, version=version)
    begin_run(run_id=run.pk)
    result = simulated(has_champion=False)
    finish_run(run_id=run.pk, result=result)
    run = ValidationRun.objects.get(pk=run.pk)
    assert (run.state, run.cause) == ("passed", "")
    assert run.finished_at is not None
    assert run.results == result.results
    assert run.results_digest == digest_of(run.results)
    assert run.measurements.count() == len(result.measurements)
    assert [check.key for check in run.checks.all()] == [check.key for check in result.checks]
    auc = run.measurements.get(measured="candidate", name="auc", slice_column="")
    assert (auc.lower or 1) < (auc.value or 0) < (auc.upper or 0)
    assert auc.n == 4_000


def test_a_run_that_did_not_pass_says_why(developer: Actor, version: ModelVersion) -> None:
    run = request_run(actor=developer, version=version)
    begin_run(run_id=run.pk)
    finish_run(run_id=run.pk, result=failed())
    run.refresh_from_db()
    assert (run.state, run.cause, run.results, run.results_digest) == ("failed", "Scores: 3 are NaN.", None, "")
    assert set(run.checks.values_list("outcome", flat=True)) == {CheckOutcome.SKIPPED}


def test_results_count_once_and_only_while_the_run_works(developer: Actor, version: ModelVersion) -> None:
    run = request_run(actor=developer, version=version)
    with pytest.raises(Conflict, match="is queued: its results come too late"):
        finish_run(run_id=run.pk, result=failed())
    begin_run(run_id=run.pk)
    close_run(run_id=run.pk, state=RunState.CANCELLED, cause="The run was cancelled.")
    for verb in (lambda: finish_run(run_id=run.pk, result=failed()), lambda: begin_run(run_id=run.pk)):
        with pytest.raises(Conflict):
            verb()
    close_run(run_id=run.pk, state=RunState.ERRORED, cause="Again.")
    run.refresh_from_db()
    assert (run.state, run.cause) == ("cancelled", "The run was cancelled.")
    assert not Measurement.objects.exists()
    assert not ValidationCheck.objects.exists()


def test_the_words_of_a_cause_stay_out_of_the_log(developer: Actor, version: ModelVersion) -> None:
    run = request_run(actor=developer, version=version)
    begin_run(run_id=run.pk)
    close_run(run_id=run.pk, state=RunState.ERRORED, cause="Column Ada Lovelace is missing.")
    payloads = [bytes(row) for row in PendingEntry.objects.values_list("payload", flat=True)]
    assert not any(b"Lovelace" in payload for payload in payloads)
    assert b'"on_behalf_of":"' + developer.id.encode() in payloads[-1]


VERBS = st.lists(st.sampled_from(["request", "begin", "finish", "fail", "cancel"]), max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(verbs=VERBS)
def test_whatever_happens_the_ledger_says_what_the_table_says(
    verbs: list[str], developer: Actor, version: ModelVersion
) -> None:
    def act(verb: str, newest: ValidationRun | None) -> Any:
        if verb == "request":
            return request_run(actor=developer, version=version)
        if newest is None:
            return None
        if verb == "begin":
            return begin_run(run_id=newest.pk)
        if verb == "cancel":
            return close_run(run_id=newest.pk, state=RunState.CANCELLED, cause="The run was cancelled.")
        return finish_run(run_id=newest.pk, result=simulated(has_champion=False) if verb == "finish" else failed())

    for verb in verbs:
        try:
            with transaction.atomic():
                act(verb, ValidationRun.objects.first())
        except DomainError:
            continue
    assert replayed("run") == {str(run.pk): run.public_state() for run in ValidationRun.objects.all()}
    for run in ValidationRun.objects.all():
        assert (run.finished_at is None) == (run.state in {"queued", "running"})
        assert (run.state == "passed") <= bool(run.results_digest)


def test_the_system_requests_runs_too(version: ModelVersion) -> None:
    run = request_run(actor=SYSTEM, version=version)
    begin_run(run_id=run.pk)
    assert run.requested_by == "system"
    assert replayed("run")[str(run.pk)]["state"] == "running"
