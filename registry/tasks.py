"""Long work of the registry: inspection in the cage."""

from portal.jobs.decorators import job
from portal.jobs.progress import JobProgress
from registry.choices import INSPECT_SNAPSHOT, INSPECT_VERSION
from registry.runners.intake import inspect_files
from registry.services import datasets, inspections


@job(INSPECT_VERSION)
def inspect_version(version_id: int, progress: JobProgress) -> None:
    """Inspect every file of a version, then seal or quarantine it."""
    with progress.first_step():
        files = inspections.begin_inspection(version_id=version_id)
    found = inspect_files(files, progress)
    with progress.last_step():
        inspections.finish_inspection(version_id=version_id, files=files, inspections=found)


@job(INSPECT_SNAPSHOT)
def inspect_snapshot(snapshot_id: int, progress: JobProgress) -> None:
    """Inspect a snapshot's table, then make it ready or refuse it."""
    with progress.first_step():
        files = datasets.begin_inspection(snapshot_id=snapshot_id)
    found = inspect_files(files, progress)
    with progress.last_step():
        datasets.finish_inspection(snapshot_id=snapshot_id, inspections=found)
