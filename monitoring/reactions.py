"""In the emitter's transaction: a run or profile whose job ended without a result is closed, too."""

from monitoring.choices import PROFILE, VALIDATE, ProfileState, RunState
from monitoring.models import SnapshotProfile, ValidationRun
from monitoring.services.profiles import close_profile
from monitoring.services.runs import close_run
from portal.jobs.choices import JobState
from portal.jobs.events import JOB_ENDED
from portal.ledger.catalogue import Event, reaction


@reaction(JOB_ENDED)
def close_unfinished_run(event: Event) -> None:
    """Close the run of a job that was cancelled, lost, refused or stopped by a defect."""
    if event.data["kind"] != VALIDATE or event.data["state"] == JobState.DONE:
        return
    if event.data["state"] == JobState.CANCELLED:
        state, cause = RunState.CANCELLED, "The run was cancelled."
    else:
        state, cause = RunState.ERRORED, _detail(event)
    for run_id in ValidationRun.objects.filter(job_id=event.data["job"]).values_list("pk", flat=True):
        close_run(run_id=run_id, state=state, cause=cause)


@reaction(JOB_ENDED)
def close_unfinished_profile(event: Event) -> None:
    """Close the profile of a job that was cancelled, lost, refused or stopped by a defect."""
    if event.data["kind"] != PROFILE or event.data["state"] == JobState.DONE:
        return
    if event.data["state"] == JobState.CANCELLED:
        state, reason = ProfileState.CANCELLED, "The profile was cancelled."
    else:
        state, reason = ProfileState.FAILED, _detail(event)
    for profile_id in SnapshotProfile.objects.filter(job_id=event.data["job"]).values_list("pk", flat=True):
        close_profile(profile_id=profile_id, state=state, reason=reason)


def _detail(event: Event) -> str:
    """Return what went wrong with a job, in words."""
    return str((event.data["error"] or {}).get("detail") or "The job ended without a result.")
