"""Long work of monitoring."""

from monitoring.choices import VALIDATE
from monitoring.runners import validation
from monitoring.services import runs
from portal.jobs.decorators import job
from portal.jobs.progress import JobProgress


@job(VALIDATE)
def validate(run_id: int, progress: JobProgress) -> None:
    """Score the held-out rows, measure, judge, and close the run."""
    with progress.first_step():
        order = runs.begin_run(run_id=run_id)
    result = validation.run(order, progress=progress)
    with progress.last_step():
        runs.finish_run(run_id=run_id, result=result)
