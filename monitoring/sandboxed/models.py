"""Models that passed inspection, as scorers: rows in, one number (or one per class) out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from portal.core.sandbox.child import Refusal
from registry.sandboxed.tables import one_line

Values = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Wanted:
    """What the plan says of scoring."""

    task: str
    """binary, multiclass or regression."""
    features: tuple[str, ...]
    """Declared features in order; empty when the model names its own."""
    positive: str | None
    """The label whose probability counts (binary); None for the last class."""


class Scorer(Protocol):
    """A loaded model."""

    kind: str
    """What its numbers are: probability, decision, label or value."""
    columns: Sequence[str]
    classes: Sequence[str]

    def score(self, batch: pa.RecordBatch) -> Values:
        """Return n scores, or n by k for k classes."""
        ...


def positive_index(classes: Sequence[str], positive: str | None) -> int:
    """Return which class counts in a binary model; raises Refusal when there are not two, or not that one."""
    if len(classes) != 2:  # noqa: PLR2004
        raise Refusal(f"The plan says binary, but the model knows {len(classes)} classes: {', '.join(classes)[:200]}.")
    if positive is None:
        return 1
    if positive not in classes:
        raise Refusal(f"The model has no class “{positive}”; its classes are {', '.join(classes)[:200]}.")
    return list(classes).index(positive)


def as_scores(values: object, rows: int) -> Values:
    """Return an output as float64 of `rows` rows; a single column is flattened; raises Refusal for other shapes."""
    try:
        scores = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise Refusal(f"The model's output is not a number: {one_line(error)}") from None
    if scores.ndim == 2 and scores.shape[1] == 1:  # noqa: PLR2004
        scores = scores[:, 0]
    if scores.ndim not in {1, 2} or scores.shape[0] != rows:
        raise Refusal(f"The model gave an output of shape {scores.shape} for {rows:,} rows.")
    return scores
