"""Has models score held-out rows, and those rows' labels, slices and units read, in the cage; values in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from portal.core.errors import DomainError
from portal.core.progress import Progress, silent
from portal.core.sandbox import CagedResult, Limits, Outcome, run_caged

SCORE = "monitoring.sandboxed.score"
READ = "monitoring.sandboxed.read_columns"
LIMITS = Limits(cpu_seconds=900, wall_seconds=900.0, memory_bytes=4 << 30, file_bytes=2 << 30, folder_bytes=4 << 30)
BATCH_ROWS = 16_384
LARGEST_OUTPUT = 2 << 30
MATRIX = 2

Array = np.ndarray[Any, np.dtype[Any]]


class ScoringEnded(DomainError):
    """No scores, and why, in words; `outcome` tells a time-out from an error."""

    code = "scoring_ended"

    def __init__(self, message: str, *, outcome: Outcome, log: str = "") -> None:
        super().__init__(message)
        self.outcome = outcome
        self.log = log

    @property
    def timed_out(self) -> bool:
        """Whether time ran out."""
        return self.outcome is Outcome.TIMED_OUT


@dataclass(frozen=True)
class Scores:
    """One model's scores of every held-out row, in the rows' order; NaN where the model gave NaN."""

    values: Array
    """float64: n probabilities of the positive class or n predictions; n by k for k classes."""
    kind: str
    """probability, decision, label or value."""
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    """The features that the model was given."""
    not_finite: int
    seconds: float
    """Time inside the model alone."""


@dataclass(frozen=True)
class Column:
    """One column of the held-out rows."""

    name: str
    kind: str
    """number: float64, NaN where empty; codes: int64, -1 where empty; time: int64 microseconds since 1970."""
    values: Array
    levels: tuple[str, ...] | None
    """What the codes stand for; None for numbers and times, and for units with more than 10,000 levels."""


@dataclass(frozen=True)
class ColumnQuality:
    """What a column holds; counts of rows."""

    name: str
    type: str
    nulls: int
    nan: int
    infinite: int
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class HeldOutRows:
    """The chosen columns, and every column's quality."""

    rows: int
    columns: Mapping[str, Column]
    quality: tuple[ColumnQuality, ...]


def score(
    *,
    model: Path,
    model_format: str,
    table: Path,
    task: str,
    features: Sequence[str] = (),
    positive: str | None = None,
    limits: Limits = LIMITS,
    progress: Progress = silent,
) -> Scores:
    """Score every row of a Parquet or CSV `table` with an inspected `model` of one of the kinds that are scored.

    `features` are needed, in order, where the model does not name its columns; `positive` is the class that counts
    in a binary task (the last one by default). Raises ScoringEnded with the reason, CageUnavailable, and what
    `progress` raises.
    """
    result = run_caged(
        module=SCORE,
        request={
            "format": model_format,
            "task": task,
            "features": list(features),
            "positive": positive,
            "batch_rows": BATCH_ROWS,
            "threads": limits.threads,
        },
        inputs={"model": model, "table": table},
        limits=limits,
        outputs={"scores.npy": LARGEST_OUTPUT},
        progress=progress,
    )
    answer = _answer(result, "The model could not be scored.")
    values = _array(result, "scores.npy")
    if values.dtype != np.float64 or values.ndim not in {1, MATRIX} or len(values) != answer["rows"]:
        raise ScoringEnded("The scores came back in another shape than announced.", outcome=Outcome.FAILED)
    return Scores(
        values=values,
        kind=str(answer["kind"]),
        classes=tuple(str(label) for label in answer["classes"]),
        columns=tuple(str(name) for name in answer["columns"]),
        not_finite=int((~np.isfinite(values)).sum()),
        seconds=float(answer["seconds"]),
    )


def read_columns(
    *,
    table: Path,
    columns: Sequence[str],
    units: Sequence[str] = (),
    limits: Limits = LIMITS,
    progress: Progress = silent,
) -> HeldOutRows:
    """Read label and slice `columns` by their own type and `units` as codes; count every column's missing values.

    Raises ScoringEnded with the reason, CageUnavailable, and what `progress` raises.
    """
    wanted = [{"name": name, "as": "auto"} for name in dict.fromkeys(columns) if name not in units]
    wanted += [{"name": name, "as": "codes"} for name in dict.fromkeys(units)]
    result = run_caged(
        module=READ,
        request={"columns": wanted},
        inputs={"table": table},
        limits=limits,
        outputs={f"column_{position}.npy": LARGEST_OUTPUT for position in range(len(wanted))},
        progress=progress,
    )
    answer = _answer(result, "The held-out rows could not be read.")
    read = {}
    for position, (one, described) in enumerate(zip(wanted, answer["columns"], strict=True)):
        values = _array(result, f"column_{position}.npy")
        if values.ndim != 1 or len(values) != answer["rows"]:
            raise ScoringEnded("The columns came back in another shape than announced.", outcome=Outcome.FAILED)
        levels = described["levels"]
        is_codes = described["kind"] == "codes" and levels is not None
        read[one["name"]] = Column(one["name"], described["kind"], values, tuple(levels) if is_codes else None)
    quality = tuple(ColumnQuality(**entry) for entry in answer["quality"])
    return HeldOutRows(rows=int(answer["rows"]), columns=read, quality=quality)


def _answer(result: CagedResult, sentence: str) -> dict[str, Any]:
    if not result.finished:
        raise ScoringEnded(f"{sentence} {result.message}", outcome=result.outcome, log=result.log)
    return result.answer


def _array(result: CagedResult, name: str) -> Array:
    try:
        return np.load(BytesIO(result.files[name]), allow_pickle=False)  # type: ignore[no-any-return]
    except (ValueError, EOFError) as error:
        raise ScoringEnded(f"“{name}” came back broken: {error}", outcome=Outcome.FAILED) from None
