"""From a label column as it is stored to what the engine takes: 0 and 1, or numbers, and which rows have one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitoring.stats.arrays import AnyArray, Flags, Floats, NotMeasurable

TWO = 2


@dataclass(frozen=True)
class Labels:
    """Labels of the rows that have one; `known` marks those rows, `positive` names the outcome that counts as 1."""

    values: Floats
    known: Flags
    positive: str

    @property
    def missing(self) -> int:
        """How many rows have no label."""
        return int((~self.known).sum())


def binary_labels(values: AnyArray, levels: Sequence[str] | None = None, positive: str | None = None) -> Labels:
    """Return labels as 0 and 1. `levels` name the codes in `values` (−1: none); else numbers, NaN where empty.

    `positive` is the level or number that counts as 1; without it numbers must be 0 and 1, and levels the pair
    (false, true), (no, yes) or (0, 1). Raises NotMeasurable where the column does not hold two such outcomes.
    """
    if levels is not None:
        return _from_levels(values, levels, positive)
    numbers = np.asarray(values, dtype=np.float64)
    known: Flags = ~np.isnan(numbers)
    distinct = np.unique(numbers[known])
    if len(distinct) > TWO:
        raise NotMeasurable(f"labels: a binary task has two outcomes, but the column has {len(distinct)}.")
    chosen = 1.0 if positive is None else _number(positive)
    if positive is None and not np.isin(distinct, (0.0, 1.0)).all():
        raise NotMeasurable("labels: the outcomes are not 0 and 1, and the plan names no positive one.")
    return Labels((numbers[known] == chosen).astype(np.float64), known, f"{chosen:g}")


def number_labels(values: AnyArray) -> Labels:
    """Return a regression's labels; NaN marks rows without one (infinite labels stay, and are refused later)."""
    numbers = np.asarray(values, dtype=np.float64)
    known: Flags = ~np.isnan(numbers)
    return Labels(numbers[known], known, "")


def _from_levels(codes: AnyArray, levels: Sequence[str], positive: str | None) -> Labels:
    known: Flags = codes >= 0
    present = [levels[code] for code in np.unique(codes[known]).tolist()]
    if len(present) > TWO:
        raise NotMeasurable(f"labels: a binary task has two outcomes, but the column has {len(present)}.")
    chosen = positive
    if chosen is None:
        plain = [level for level in present if level.lower() in {"1", "true", "yes"}]
        others = [level for level in present if level.lower() in {"0", "false", "no"}]
        if len(plain) > 1 or len(plain) + len(others) != len(present):
            raise NotMeasurable("labels: the plan names no positive outcome, and the column's do not tell.")
        chosen = plain[0] if plain else "true"
    hits = np.array([level == chosen for level in levels], dtype=np.float64)
    return Labels(hits[codes[known]] if len(hits) else np.empty(0), known, chosen)


def _number(text: str) -> float:
    if text.lower() in {"true", "false"}:
        return float(text.lower() == "true")
    try:
        return float(text)
    except ValueError:
        raise NotMeasurable(f"labels: the column holds numbers, so “{text}” is none of its outcomes.") from None
