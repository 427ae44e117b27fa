"""Has the files of one thing inspected, one after the other, from bytes that were read against their digest."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.blobs.store import open_verified, path_of
from portal.core.progress import Progress, silent
from registry.runners.inspection import Inspection, inspect_file


@dataclass(frozen=True)
class HeldFile:
    """A file of the store that waits for inspection."""

    name: str
    sha256: str
    role: str
    """model, environment, dataset or other."""
    time_column: str | None = None
    pickles: bool = False
    """Whether a model may be a pickle, kept and never opened."""


def inspect_files(files: Sequence[HeldFile], progress: Progress = silent) -> list[Inspection]:
    """Inspect each file in the cage and return what is known of each, in the same order.

    Raises BlobDamaged or NotFound for bytes that are not what they were, CageUnavailable, and Cancelled.
    """
    found = [_inspected(file, index, len(files), progress) for index, file in enumerate(files)]
    progress(len(files), len(files), "Inspected")
    return found


def _inspected(file: HeldFile, index: int, count: int, progress: Progress) -> Inspection:
    def step(done: int, total: int, message: str) -> None:
        del done, total, message  # the child's own; people are told which file is being inspected
        progress(index, count, f"Inspecting {file.name}")

    step(0, 0, "")
    with open_verified(file.sha256):
        pass
    return inspect_file(
        path_of(file.sha256), role=file.role, time_column=file.time_column, pickles=file.pickles, progress=step
    )
