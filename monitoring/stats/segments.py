"""Declared slices: which rows belong to which level, and which levels have too few rows or events to be assessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitoring.stats.arrays import AnyArray, Counts, Flags, NotMeasurable

MINIMUM_ROWS = 400
MINIMUM_EVENTS = 30
"""In the rarer of both outcomes."""
LARGEST_LEVELS = 50
"""Of a slice with more levels, the largest are shown and the others are one level."""
BANDS = 5
"""Numbers with more distinct values than this times two are cut into so many bands of equal size."""
NAME_LENGTH = 180
NO_VALUE = "(no value)"
OTHER = "(other levels)"


@dataclass(frozen=True)
class Slice:
    """A column's levels: `codes` gives each row's level, −1 where it has none."""

    codes: Counts
    levels: tuple[str, ...]


@dataclass(frozen=True)
class SliceLevel:
    """One level's rows; `problem` says why it can't be assessed, or is empty."""

    column: str
    level: str
    rows: Counts
    events: int | None
    problem: str


def slice_of(values: AnyArray) -> Slice:
    """Return a slice from raw values: text, booleans and few numbers level by level, many numbers in five bands."""
    if values.dtype.kind == "f":
        return _numbers(values.astype(np.float64))
    missing: Flags = (
        np.array([value is None for value in values]) if values.dtype.kind == "O" else np.zeros(len(values), bool)
    )
    if values.dtype.kind in "iu" and len(np.unique(values)) > 2 * BANDS:
        return _numbers(values.astype(np.float64))
    known = values[~missing]
    levels, own = np.unique(known.astype(str) if values.dtype.kind == "O" else known, return_inverse=True)
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[~missing] = own
    return Slice(codes, tuple(str(level) for level in levels.tolist()))


def _numbers(values: AnyArray) -> Slice:
    known = np.isfinite(values)
    codes = np.full(len(values), -1, dtype=np.int64)
    distinct, own = np.unique(values[known], return_inverse=True)
    if len(distinct) <= 2 * BANDS:
        codes[known] = own
        return Slice(codes, tuple(f"{value:g}" for value in distinct.tolist()))
    cuts = np.unique(np.quantile(values[known], np.linspace(0, 1, BANDS + 1)))
    codes[known] = np.clip(np.searchsorted(cuts, values[known], side="left") - 1, 0, len(cuts) - 2)
    pairs = zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
    return Slice(
        codes,
        tuple(f"over {low:g} to {high:g}" if at else f"{low:g} to {high:g}" for at, (low, high) in enumerate(pairs)),
    )


def levels_of(
    *,
    column: str,
    values: AnyArray | Slice,
    labels: Flags | None,
    minimum_rows: int = MINIMUM_ROWS,
    minimum_events: int = MINIMUM_EVENTS,
) -> tuple[SliceLevel, ...]:
    """Return a slice's levels that occur, largest first; `labels` are the outcomes (None for regression)."""
    cut = values if isinstance(values, Slice) else slice_of(values)
    present, own, n = np.unique(cut.codes, return_inverse=True, return_counts=True)
    if len(present) and (present[0] < -1 or present[-1] >= len(cut.levels)):
        raise NotMeasurable(f"{column}: a code stands for no level.")
    by_level = np.split(np.argsort(own, kind="stable"), np.cumsum(n)[:-1])
    by_size = np.argsort(-n, kind="stable").tolist()
    kept = by_size if len(by_size) <= LARGEST_LEVELS else by_size[:LARGEST_LEVELS]
    rest = by_size[len(kept) :]
    texts = [NO_VALUE if present[at] < 0 else cut.levels[present[at]] for at in kept] + [OTHER] * bool(rest)
    rows = [by_level[at] for at in kept] + ([np.sort(np.concatenate([by_level[at] for at in rest]))] if rest else [])
    found = []
    for name, own_rows in zip(_distinct_names(texts), rows, strict=True):
        events = None if labels is None else int(labels[own_rows].sum())
        problem = _problem(len(own_rows), events, minimum_rows, minimum_events)
        found.append(SliceLevel(column, name, own_rows, events, problem))
    return tuple(found)


def all_levels(
    *,
    slices: Mapping[str, AnyArray | Slice],
    labels: Flags | None,
    rows: int,
    minimum_rows: int,
    minimum_events: int,
) -> tuple[SliceLevel, ...]:
    """Return the levels of every declared slice; raises NotMeasurable where a slice has other rows."""
    found: list[SliceLevel] = []
    for column, values in slices.items():
        length = len(values.codes if isinstance(values, Slice) else values)
        if length != rows:
            raise NotMeasurable(f"Rows differ: {rows} rows, {length} in slice {column}.")
        found += levels_of(
            column=column, values=values, labels=labels, minimum_rows=minimum_rows, minimum_events=minimum_events
        )
    return tuple(found)


def _problem(n: int, events: int | None, minimum_rows: int, minimum_events: int) -> str:
    if n < minimum_rows:
        return f"{n:,} rows; {minimum_rows:,} are needed."
    if events is not None and min(events, n - events) < minimum_events:
        return f"{min(events, n - events)} rows of the rarer outcome; {minimum_events} are needed."
    return ""


def _distinct_names(texts: Sequence[str]) -> list[str]:
    """Return the levels' names, cut to a length that is stored and still distinct."""
    names: list[str] = []
    for text in texts:
        short = text if len(text) <= NAME_LENGTH else f"{text[: NAME_LENGTH - 1]}…"
        name, again = short or "(empty text)", 1
        while name in names:
            again += 1
            name = f"{short or '(empty text)'} ({again})"
        names.append(name)
    return names
