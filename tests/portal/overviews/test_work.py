from typing import Any

import pytest

from portal.core.clock import now
from portal.jobs.choices import JobState
from portal.jobs.models import Job
from portal.overviews.work import inspection_of, work_of
from registry.choices import INSPECT_SNAPSHOT, INSPECT_VERSION


def job(**columns: Any) -> Job:
    values = {"kind": INSPECT_VERSION, "subject_type": "version", "subject_id": "7", "arguments": {}, **columns}
    return Job(created_at=now(), **values)


def test_without_a_job_the_work_waits() -> None:
    assert work_of(None).state == JobState.QUEUED


def test_progress_is_what_the_job_says() -> None:
    work = work_of(job(state=JobState.RUNNING, progress_done=3, progress_total=9, progress_message="Reading"))
    assert (work.state, work.done, work.total, work.message) == ("running", 3, 9, "Reading")


def test_a_job_that_is_asked_to_stop_says_so() -> None:
    assert work_of(job(state=JobState.RUNNING, cancel_requested=True)).message == "Stopping at the next step"
    assert work_of(job(state=JobState.CANCELLED, cancel_requested=True, progress_message="Read")).message == "Read"


@pytest.mark.django_db
def test_the_newest_inspection_of_the_thing_is_found() -> None:
    job(state=JobState.ERRORED, ended_at=now()).save()
    job(state=JobState.RUNNING, progress_message="second").save()
    job(kind=INSPECT_SNAPSHOT, subject_type="snapshot", progress_message="another thing").save()
    assert inspection_of("version", 7).message == "second"
    assert inspection_of("version", 8).state == JobState.QUEUED
