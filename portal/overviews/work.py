"""Long work as pages show it: state, done of total, what it does now."""

from dataclasses import dataclass

from portal.jobs.choices import JobState
from portal.jobs.models import Job
from registry.choices import INSPECT_SNAPSHOT, INSPECT_VERSION

INSPECTIONS = (INSPECT_SNAPSHOT, INSPECT_VERSION)


@dataclass(frozen=True)
class WorkDone:
    """A job's progress as the job part reads it."""

    state: str
    done: int
    total: int
    message: str


def work_of(job: Job | None) -> WorkDone:
    """Return where a job is; without one the work is queued."""
    if job is None:
        return WorkDone(JobState.QUEUED, 0, 0, "")
    message = "Stopping at the next step" if job.cancel_requested and job.is_open else job.progress_message
    return WorkDone(job.state, job.progress_done, job.progress_total, message)


def inspection_of(subject_type: str, key: int) -> WorkDone:
    """Return where the newest inspection of a version or snapshot is."""
    jobs = Job.objects.filter(kind__in=INSPECTIONS, subject_type=subject_type, subject_id=str(key))
    return work_of(jobs.order_by("-pk").first())
