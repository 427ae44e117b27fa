"""Long work of monitoring."""

from monitoring.choices import VALIDATE
from monitoring.runners import validation
from monitoring.services import runs
from portal.core.progress import Progress
from portal.jobs.decorators import job


@job(VALIDATE)
def validate(run_id: int, progress: Progress) -> None:
    """Score the held-out rows, measure, judge, and close the run."""
    order = runs.begin_run(run_id=run_id)
    result = validation.run(order, progress=progress)
    runs.finish_run(run_id=run_id, result=result)
