"""Neither run nor profile outlives its job."""

import pytest

from monitoring.choices import VALIDATE, ProfileState
from monitoring.models import ValidationRun
from monitoring.services.profiles import begin_profile, request_profile
from monitoring.services.runs import begin_run, request_run
from portal.core.actors import SYSTEM
from portal.jobs import services
from portal.jobs.choices import JobState
from portal.jobs.errors import lost
from portal.jobs.models import Job
from portal.ledger.catalogue import Subject
from tests.factories.monitoring import PlanFactory
from tests.factories.registry import SealedVersionFactory, SnapshotFactory
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> ValidationRun:
    plan = PlanFactory.create()
    return request_run(actor=SYSTEM, version=SealedVersionFactory.create(model=plan.model))


def claimed(run: ValidationRun) -> Job:
    job = services.claim(run.job_id or 0)
    assert job is not None
    begin_run(run_id=run.pk)
    return job


def told(run: ValidationRun) -> tuple[str, str]:
    run.refresh_from_db()
    assert replayed("run")[str(run.pk)] == run.public_state()
    return run.state, run.cause


def test_a_job_that_is_cancelled_before_it_starts_cancels_its_run(run: ValidationRun) -> None:
    services.request_cancel(actor=SYSTEM, job=Job.objects.get(subject_id=str(run.pk)))
    assert told(run) == ("cancelled", "The run was cancelled.")


def test_a_job_that_is_cancelled_at_work_cancels_its_run(run: ValidationRun) -> None:
    services.end(job=claimed(run), state=JobState.CANCELLED)
    assert told(run) == ("cancelled", "The run was cancelled.")


@pytest.mark.parametrize("state", [JobState.ERRORED, JobState.FAILED, JobState.SKIPPED])
def test_a_job_that_is_lost_or_refused_leaves_an_errored_run(run: ValidationRun, state: JobState) -> None:
    services.end(job=claimed(run), state=state, error=lost(3))
    assert told(run) == ("errored", "The worker was lost 3 times.")


def test_a_job_that_says_nothing_leaves_an_errored_run(run: ValidationRun) -> None:
    services.end(job=claimed(run), state=JobState.ERRORED)
    assert told(run) == ("errored", "The job ended without a result.")


def test_a_job_that_is_done_leaves_the_run_as_it_was_closed(run: ValidationRun) -> None:
    services.end(job=claimed(run), state=JobState.DONE)
    assert told(run) == ("running", "")


def test_jobs_that_do_other_work_are_nothing_to_a_run(run: ValidationRun) -> None:
    other = services.enqueue(
        actor=SYSTEM, kind="registry.inspect_version", subject=Subject("version", "0", "v0"), arguments={}
    )
    assert other.kind != VALIDATE
    ValidationRun.objects.filter(pk=run.pk).update(job_id=other.pk)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("registry.reactions.inspections.fail_inspection", lambda **_: None)
        services.request_cancel(actor=SYSTEM, job=other)
    assert ValidationRun.objects.get().state == "queued"


@pytest.mark.parametrize(
    ("ended", "state", "reason"),
    [
        (JobState.CANCELLED, ProfileState.CANCELLED, "The profile was cancelled."),
        (JobState.ERRORED, ProfileState.FAILED, lost(3)["detail"]),
    ],
)
def test_a_profile_never_outlives_its_job(ended: JobState, state: ProfileState, reason: str) -> None:
    profile = request_profile(actor=SYSTEM, snapshot=SnapshotFactory.create())
    job = services.claim(profile.job_id or 0)
    assert job is not None
    begin_profile(profile_id=profile.pk)
    services.end(job=job, state=ended, error=lost(3) if ended == JobState.ERRORED else None)
    profile.refresh_from_db()
    assert (profile.state, profile.reason) == (state, reason)
    assert replayed("profile")[str(profile.pk)] == profile.public_state()
