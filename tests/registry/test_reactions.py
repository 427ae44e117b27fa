"""A job that does not get to its end closes what it worked for, in the same transaction."""

import pytest

from portal.core.actors import Actor
from portal.jobs import services as jobs
from portal.jobs.choices import JobState
from portal.jobs.errors import lost, problem_of
from portal.jobs.models import Job
from registry.models import DatasetSnapshot, ModelVersion
from registry.services.datasets import add_snapshot
from registry.services.versions import submit_version
from tests.factories.registry import ArtifactFactory, BlobFactory, DatasetFactory
from tests.portal.ledger.replay import replayed


@pytest.fixture
def version(developer: Actor) -> ModelVersion:
    [team] = developer.teams_for("read") or frozenset({0})
    artifact = ArtifactFactory.create(version__model__team_id=team, version__model__team=None)
    return submit_version(actor=developer, version=artifact.version)


@pytest.fixture
def snapshot(developer: Actor) -> DatasetSnapshot:
    [team] = developer.teams_for("read") or frozenset({0})
    blob, dataset = BlobFactory.create(), DatasetFactory.create(team_id=team, team=None)
    return add_snapshot(actor=developer, dataset=dataset, blob=blob, declared_sha256=blob.pk)


def claimed() -> Job:
    job = jobs.claim(Job.objects.get().pk)
    assert job is not None
    return job


ENDINGS = [
    (JobState.ERRORED, lost(3), "The worker was lost 3 times."),
    (JobState.FAILED, problem_of(ZeroDivisionError()), "ZeroDivisionError"),
    (JobState.CANCELLED, None, "The inspection was cancelled."),
    (JobState.ERRORED, None, "ended without a result"),
]


@pytest.mark.parametrize(("state", "error", "words"), ENDINGS)
def test_version_is_failed_with_the_reason(
    version: ModelVersion, state: JobState, error: dict[str, object] | None, words: str
) -> None:
    jobs.end(job=claimed(), state=state, error=error)
    version.refresh_from_db()
    assert version.state == "failed"
    assert words in version.reason
    assert replayed("version") == {str(version.pk): version.public_state()}


@pytest.mark.parametrize(("state", "error", "words"), ENDINGS)
def test_snapshot_is_failed_with_the_reason(
    snapshot: DatasetSnapshot, state: JobState, error: dict[str, object] | None, words: str
) -> None:
    jobs.end(job=claimed(), state=state, error=error)
    snapshot.refresh_from_db()
    assert snapshot.state == "failed"
    assert words in snapshot.reason
    assert replayed("snapshot") == {str(snapshot.pk): snapshot.public_state()}


def test_a_job_that_is_done_closes_nothing(version: ModelVersion) -> None:
    jobs.end(job=claimed(), state=JobState.DONE)
    version.refresh_from_db()
    assert version.state == "inspecting"


def test_a_wish_to_stop_a_queued_job_closes_the_version(developer: Actor, version: ModelVersion) -> None:
    jobs.request_cancel(actor=developer, job=Job.objects.get())
    version.refresh_from_db()
    assert version.state == "failed"
