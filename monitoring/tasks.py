"""Long work of monitoring."""

from monitoring.choices import PROFILE, VALIDATE
from monitoring.runners import profiling, validation
from monitoring.services import profiles, runs
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


@job(PROFILE)
def profile(profile_id: int, progress: JobProgress) -> None:
    """Count what each column of a snapshot holds, and close the profile."""
    with progress.first_step():
        order = profiles.begin_profile(profile_id=profile_id)
    result = profiling.profile_table(order, progress=progress)
    with progress.last_step():
        profiles.finish_profile(profile_id=profile_id, result=result)
