"""Has an uploaded file inspected in the cage; values in, values out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from portal.core.progress import Progress, silent
from portal.core.sandbox import Limits, run_caged

ENTRY_POINT = "registry.sandboxed.inspect"
LIMITS = Limits(cpu_seconds=180, wall_seconds=300.0, memory_bytes=4 << 30)


class Verdict(Enum):
    """What came of an inspection; only `accepted` lets anything use the file."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"
    """The inspection did not end by itself (time, memory, a crash): nothing is known, so nothing is accepted."""


@dataclass(frozen=True)
class Inspection:
    """What is known of one file."""

    verdict: Verdict
    reason: str
    detected: str = "unknown"
    """One of registry.rules.kinds; for a refused file what it looks like."""
    media_type: str = "application/octet-stream"
    signature: Mapping[str, Any] | None = None
    """{inputs: [{name, type, shape}], outputs: [...]} of a model."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """ONNX: operators, domains, opsets, producer. skops: estimators.
    Boosted trees: objective, trees. Tables: rows, columns, period."""
    notes: tuple[str, ...] = ()


def inspect_file(
    path: Path,
    *,
    role: str,
    time_column: str | None = None,
    pickles: bool = False,
    limits: Limits = LIMITS,
    progress: Progress = silent,
) -> Inspection:
    """Inspect a file for `role` (model, environment, signature, dataset, other); `pickles` lets a model be one.

    Raises CageUnavailable where no child can be caged, and Cancelled from `progress`.
    """
    result = run_caged(
        module=ENTRY_POINT,
        request={"role": role, "time_column": time_column, "pickles": pickles},
        inputs={"file": path},
        limits=limits,
        progress=progress,
    )
    if not result.finished:
        return Inspection(Verdict.FAILED, f"The file could not be inspected. {result.message}")
    answer = result.answer
    if answer.get("accepted") is not True:
        return Inspection(
            Verdict.REFUSED,
            str(answer.get("reason") or "The inspection gave no reason."),
            detected=str(answer.get("detected", "unknown")),
        )
    return Inspection(
        Verdict.ACCEPTED,
        "",
        detected=str(answer["detected"]),
        media_type=str(answer["media_type"]),
        signature=answer["signature"],
        details=answer["details"],
        notes=tuple(str(note) for note in answer["notes"]),
    )
