import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.services.gates import evaluate_gate
from monitoring.choices import RunState
from portal.accounts.choices import Role
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.overviews.versions import VersionOverview, changes_against, version_overview
from registry.choices import VersionState
from registry.models import ModelVersion
from tests.factories.accounts import actor_with
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory, next_version, ready_version
from tests.factories.monitoring import FinishedRunFactory, PlanFactory, RunFactory
from tests.factories.registry import (
    ActiveReleaseFactory,
    ArtifactFactory,
    FeaturePipelineVersionFactory,
    RegisteredModelFactory,
    SealedVersionFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db


def overview_of(version: ModelVersion) -> VersionOverview:
    found = ModelVersion.objects.with_parts().get(pk=version.pk)
    return version_overview(actor_with(Role.VIEWER, team=version.model.team), found)


def test_a_version_that_is_being_received_shows_what_there_is() -> None:
    version: ModelVersion = VersionFactory.create(claims=[{"metric": "auc", "value": 0.7, "n": 100}])
    overview = overview_of(version)
    assert (overview.newest_run, overview.gate, overview.production, overview.request) == (None, None, None, None)
    assert [claim.state for claim in overview.claims] == ["pending"]
    assert overview.claims_aside == "no finished run"
    assert overview.artifacts_aside == ""
    assert {edge.words for edge in overview.lineage.edges} == {"trained", "is the code of"}


def test_files_are_counted_with_their_bytes() -> None:
    version = VersionFactory.create()
    ArtifactFactory.create(version=version)
    assert overview_of(version).artifacts_aside == "1 file, 1.00\N{NARROW NO-BREAK SPACE}kB"
    ArtifactFactory.create(version=version, name="requirements.lock", role="environment")
    assert overview_of(version).artifacts_aside == "2 files, 2.00\N{NARROW NO-BREAK SPACE}kB"


def test_the_newest_finished_run_answers_for_claims_while_another_works() -> None:
    run = FinishedRunFactory.create()
    RunFactory.create(version=run.version, plan=run.plan, state=RunState.RUNNING, started_at=now())
    overview = overview_of(run.version)
    assert overview.is_running
    assert overview.newest_run == run
    assert overview.claims[0].recomputed is not None
    assert overview.claims_aside == f"run {run.pk} on rows it had not seen"


@pytest.mark.parametrize(("state", "stops"), [("failed", True), ("timed_out", True), ("cancelled", False)])
def test_a_run_that_was_not_passed_shows_before_any_gate_reads_it(state: str, stops: bool) -> None:  # noqa: FBT001
    version = ready_version()
    assert overview_of(version).stopping_run is None
    plan = version.validation_runs.get().plan
    run = RunFactory.create(version=version, plan=plan, state=state, started_at=now(), finished_at=now(), cause="No.")
    assert overview_of(version).stopping_run == (run if stops else None)
    evaluate_gate(actor=SYSTEM, version=version, environment="production")
    assert overview_of(version).stopping_run is None


def test_the_gate_says_what_stops_the_version() -> None:
    version = ready_version(state=RunState.FAILED)
    evaluate_gate(actor=SYSTEM, version=version, environment="production")
    overview = overview_of(version)
    assert overview.gate is not None
    assert [line.key for line in overview.gate.stops] == ["validation"]
    assert overview.stopped_words == "1 check not passed"
    assert overview.stopped_heading == "The gate to production stops v1: 1 check not passed."


def test_the_version_in_production_does_not_differ_from_itself() -> None:
    request = ApprovedRequestFactory.create()
    overview = overview_of(request.release.version)
    assert overview.serves
    assert not overview.waiting_request
    assert overview.changes == []


def test_a_waiting_request_is_told_from_a_closed_one() -> None:
    request = OpenRequestFactory.create()
    overview = overview_of(request.release.version)
    assert overview.waiting_request
    assert not overview.serves


def test_what_changed_against_production_leaves_out_what_is_equal() -> None:
    champion = ActiveReleaseFactory.create().version
    version = SealedVersionFactory.create(
        model=champion.model,
        training_run__hyperparameters={"depth": 5},
        training_run__seed=None,
        feature_pipeline_version=FeaturePipelineVersionFactory.create(pipeline__slug="flight-features"),
        signature={"inputs": [{"name": "x"}, {"name": "hour"}]},
    )
    overview = overview_of(version)
    changes = {change.what: (change.before, change.after) for change in overview.changes}
    assert overview.change_heading == "v2 against v1"
    assert changes["Features"] == ("inside the artifact", "flight-features v1")
    assert changes["depth"] == ("3", "5")
    assert changes["Seed"] == ("7", "not set")
    assert changes["Inputs"] == ("x", "x, hour")
    assert "Repository" not in changes
    assert "Environment lock" not in changes


def test_inputs_are_compared_only_once_they_were_read() -> None:
    champion = SealedVersionFactory.create()
    version = VersionFactory.create(model=champion.model)
    assert "Inputs" not in {change.what for change in changes_against(version, champion)}


def test_lineage_names_the_pipeline_and_what_it_was_validated_on() -> None:
    pipeline = FeaturePipelineVersionFactory.create()
    model = RegisteredModelFactory.create(team=pipeline.pipeline.team)
    version = SealedVersionFactory.create(model=model, feature_pipeline_version=pipeline)
    plan = PlanFactory.create(model=model)
    for _ in range(4):
        RunFactory.create(version=version, plan=plan, state=RunState.ERRORED, finished_at=now())
    edges = [(edge.above.kind, edge.words) for edge in overview_of(version).lineage.edges]
    assert ("Feature pipeline version", "makes the features of") in edges
    assert edges.count(("Snapshot", "validated")) == 1


def test_an_inspection_in_progress_is_queued_until_its_job_runs() -> None:
    version = VersionFactory.create()
    version.state = VersionState.INSPECTING
    version.save(update_fields=["state"])
    assert overview_of(version).inspection.state == "queued"


def test_queries_do_not_grow_with_runs_and_versions() -> None:
    version = ready_version()
    with CaptureQueriesContext(connection) as few:
        overview_of(version)
    plan = version.model.validation_plans.get()
    for _ in range(3):
        RunFactory.create(version=version, plan=plan, state=RunState.ERRORED, finished_at=now())
        next_version(model=version.model)
    with CaptureQueriesContext(connection) as many:
        overview_of(version)
    assert len(many) == len(few)
