"""What the engine takes: arrays that are finite, of one length and of one kind."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
AnyArray = np.ndarray[Any, np.dtype[Any]]


class NotMeasurable(ValueError):
    """These rows or scores can't be measured; the message says why and how many."""


def finite(values: AnyArray, name: str) -> Floats:
    """Return `values` as float64; raises NotMeasurable with the count of NaN and infinite ones."""
    result: Floats = np.asarray(values, dtype=np.float64)
    if result.ndim != 1:
        raise NotMeasurable(f"{name}: one number a row is needed, not an array of shape {result.shape}.")
    bad = int((~np.isfinite(result)).sum())
    if bad:
        raise NotMeasurable(f"{name}: {bad:,} of {len(result):,} are NaN or infinite.")
    return result


def probabilities(values: AnyArray, name: str) -> Floats:
    """Return `values` as float64 in [0, 1]; raises NotMeasurable with the count of those that are not."""
    result = finite(values, name)
    bad = int(((result < 0) | (result > 1)).sum())
    if bad:
        raise NotMeasurable(f"{name}: {bad:,} of {len(result):,} lie outside 0 to 1.")
    return result


def outcomes(values: AnyArray) -> Flags:
    """Return labels of 0 and 1 (or booleans) as booleans; raises NotMeasurable where one is neither."""
    result = finite(values, "labels")
    bad = int(((result != 0) & (result != 1)).sum())
    if bad:
        raise NotMeasurable(f"labels: {bad:,} of {len(result):,} are neither 0 nor 1.")
    flags: Flags = result == 1
    return flags


def same_length(arrays: Sequence[tuple[str, AnyArray]]) -> int:
    """Return the length that all named arrays share; raises NotMeasurable where they differ or are empty."""
    lengths = {name: len(values) for name, values in arrays}
    if len(set(lengths.values())) != 1:
        raise NotMeasurable(f"Rows differ: {', '.join(f'{name} {length}' for name, length in lengths.items())}.")
    rows = next(iter(lengths.values()))
    if rows == 0:
        raise NotMeasurable("There are no rows.")
    return rows


def equal_mass_edges(rows: int, groups: int) -> Counts:
    """Return where to cut sorted rows into `groups` of as equal size as can be: groups + 1 positions."""
    edges: Counts = np.unique(np.linspace(0, rows, groups + 1).round().astype(np.int64))
    return edges
