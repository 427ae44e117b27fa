"""Long work of the registry: inspection in the cage, models from a file."""

from portal.jobs.decorators import job
from portal.jobs.progress import JobProgress
from registry.choices import IMPORT_MODELS, INSPECT_SNAPSHOT, INSPECT_VERSION
from registry.runners.intake import inspect_files
from registry.services import datasets, imports, inspections


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


@job(IMPORT_MODELS)
def import_models(sha256: str, user_id: int, progress: JobProgress, *, skip_existing: bool) -> None:
    """Register the models of a file, all or none."""
    with progress.first_step():
        actor, report = imports.begin_import(sha256=sha256, user_id=user_id, skip_existing=skip_existing)
    imports.finish_import(actor=actor, report=report, tell=progress.tell, last_step=progress.last_step)
