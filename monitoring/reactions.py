"""In the emitter's transaction: a run whose job ended without a result is closed, too."""

from monitoring.choices import VALIDATE, RunState
from monitoring.models import ValidationRun
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
        error = event.data["error"] or {}
        state, cause = RunState.ERRORED, str(error.get("detail") or "The job ended without a result.")
    for run_id in ValidationRun.objects.filter(job_id=event.data["job"]).values_list("pk", flat=True):
        close_run(run_id=run_id, state=state, cause=cause)
