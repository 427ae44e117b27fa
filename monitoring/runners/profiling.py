"""Has a table profiled in the cage; values in, values out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.stats.profiles import Profile
from portal.blobs import store
from portal.core.progress import Progress, silent
from portal.core.sandbox import Limits, Outcome, run_caged
from registry.rules.values import unrecordable

ENTRY_POINT = "monitoring.sandboxed.profile"
LIMITS = Limits(
    cpu_seconds=3_600, wall_seconds=3_600.0, memory_bytes=4 << 30, file_bytes=256 << 20, folder_bytes=256 << 20
)
LARGEST_OUTPUT = 256 << 20
KINDS = frozenset({"number", "level", "time", "other"})


@dataclass(frozen=True)
class ProfileOrder:
    """What is profiled: the digest of the bytes, and the columns that their inspection read, [{name, type}]."""

    sha256: str
    columns: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class ProfileResult:
    """The columns' profiles in the order of the file; or why there are none: refused by what the file is, or failed."""

    columns: tuple[Profile, ...] = ()
    rows: int = 0
    refused: str = ""
    failed: str = ""


def profile_table(order: ProfileOrder, *, limits: Limits = LIMITS, progress: Progress = silent) -> ProfileResult:
    """Profile every column of the stored table, after its bytes were checked against their digest.

    Raises CageUnavailable, what the store raises for missing or damaged bytes, and what `progress` raises.
    """
    with store.open_verified(order.sha256):
        pass
    result = run_caged(
        module=ENTRY_POINT,
        request={},
        inputs={"table": store.path_of(order.sha256)},
        limits=limits,
        outputs={"profile.json": LARGEST_OUTPUT},
        progress=progress,
    )
    if not result.finished:
        more = " The file needs more than a profile may use." if result.outcome is Outcome.OUT_OF_MEMORY else ""
        return ProfileResult(failed=f"The table could not be profiled. {result.message}{more}")
    if refused := result.answer.get("refused"):
        return ProfileResult(refused=str(refused))
    return _checked(order, result.answer, result.files["profile.json"])


def _checked(order: ProfileOrder, answer: Mapping[str, Any], written: bytes) -> ProfileResult:
    """Believe nothing of the cage that can't be kept, or that tells of other columns than the inspection did."""
    try:
        found = json.loads(written)
        told = [(one["name"], one["type"]) for one in found]
        columns = tuple(Profile(one["kind"], dict(one["summary"]), dict(one["cells"])) for one in found)
        rows = int(answer["rows"])
    except (ValueError, KeyError, TypeError):
        return ProfileResult(failed="The profile came back broken.")
    if told != [(column["name"], column["type"]) for column in order.columns]:
        return ProfileResult(failed="The profile tells of other columns than the inspection did.")
    if any(one.kind not in KINDS or unrecordable([one.summary, one.cells]) for one in columns):
        return ProfileResult(refused="The table holds values that can't be recorded.")
    return ProfileResult(columns, rows)
