"""In the emitter's transaction: a run or profile whose job ended without a result is closed, too."""

from monitoring.choices import PROFILE, VALIDATE, ProfileState, RunState
from monitoring.models import SnapshotProfile, ValidationRun
from monitoring.services.profiles import OPEN, close_profile
from monitoring.services.runs import close_run
from portal.jobs.choices import JobState
from portal.jobs.events import JOB_ENDED
from portal.ledger.catalogue import Event, reaction
from registry.events import SNAPSHOT_ERASED


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


@reaction(SNAPSHOT_ERASED)
def stop_profile_of_erased(event: Event) -> None:
    """Close the profile that waits for rows that are gone, or is being made of them."""
    waiting = SnapshotProfile.objects.filter(snapshot=event.data["snapshot"], state__in=OPEN)
    for profile_id in waiting.values_list("pk", flat=True):
        close_profile(profile_id=profile_id, state=ProfileState.CANCELLED, reason="The rows were erased.")


def _detail(event: Event) -> str:
    """Return what went wrong with a job, in words."""
    return str((event.data["error"] or {}).get("detail") or "The job ended without a result.")
