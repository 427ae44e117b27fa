"""Arrow columns as NumPy arrays without pandas, whose import Arrow's own conversion would wait seconds for."""

from typing import Any

import numpy as np
import pyarrow as pa

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]


def floats(column: Any) -> Floats:
    """Return a column of numbers as float64, NaN where it is empty."""
    values: Floats = _filled(column.cast(pa.float64(), safe=False), np.float64, np.nan)
    return values


def integers(column: Any, empty: int) -> Integers:
    """Return a column of whole numbers as int64, `empty` where it is empty."""
    values: Integers = _filled(column.cast(pa.int64()), np.int64, empty)
    return values


def _filled(column: Any, element: Any, empty: float) -> np.ndarray[Any, Any]:
    if len(column) == 0:
        return np.zeros(0, dtype=element)
    size = np.dtype(element).itemsize
    values = np.frombuffer(column.buffers()[1], dtype=element, count=len(column), offset=column.offset * size)
    if column.null_count == 0:
        return values
    missing = np.from_dlpack(column.is_null().cast(pa.uint8())) == 1
    return np.where(missing, np.asarray(empty, dtype=element), values)
