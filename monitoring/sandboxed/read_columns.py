"""Reads chosen columns and counts what is missing in all, so that nothing untrusted is opened outside the cage.

Each column leaves as `column_<i>.npy`: numbers as float64 (empty: NaN), text as int64 codes (empty: -1) with its
levels in the answer, times as int64 microseconds since 1970 (empty: the smallest int64).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portal.core.sandbox.child import CagedTask, Refusal
from registry.sandboxed.arrays import floats, integers
from registry.sandboxed.tables import TableFile

LARGEST_LEVELS = 10_000
LEVEL_LENGTH = 200
NO_TIME = np.iinfo(np.int64).min


@dataclass
class Quality:
    """What one column holds, added up over batches."""

    nulls: int = 0
    nan: int = 0
    infinite: int = 0
    minimum: float | None = None
    maximum: float | None = None

    def add(self, column: "pa.Array[Any]") -> None:
        """Count one batch."""
        self.nulls += column.null_count
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):  # dates have no NaN
            return
        values = floats(column.drop_null())
        finite = np.isfinite(values)
        self.nan += int(np.isnan(values).sum())
        self.infinite += int((~finite).sum()) - int(np.isnan(values).sum())
        if finite.any():
            low, high = float(values[finite].min()), float(values[finite].max())
            self.minimum = low if self.minimum is None else min(self.minimum, low)
            self.maximum = high if self.maximum is None else max(self.maximum, high)


@dataclass
class Codes:
    """Text as codes, in order of first sight, the same over all batches."""

    index: dict[str, int] = field(default_factory=dict)

    def encode(self, column: "pa.Array[Any]") -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return one batch's codes; -1 where a value is empty."""
        encoded: Any = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
        levels = pc.cast(encoded.dictionary, pa.string()).to_pylist()
        own: np.ndarray[Any, np.dtype[np.int64]] = np.array([*map(self._code, levels), -1], dtype=np.int64)
        codes: np.ndarray[Any, np.dtype[np.int64]] = own[integers(encoded.indices, len(levels))]
        return codes

    def _code(self, level: str | None) -> int:
        return -1 if level is None else self.index.setdefault(level, len(self.index))


def run(task: CagedTask) -> dict[str, Any]:
    """Read `columns` ([{name, as: auto | codes}]) of the input `table`; count missing values in every column."""
    table = TableFile(task, "table")
    wanted = task.request["columns"]
    table.require([one["name"] for one in wanted])
    kinds = [_kind(table, one["name"], one["as"]) for one in wanted]
    codes = [Codes() for _ in wanted]
    parts: list[list[np.ndarray[Any, Any]]] = [[] for _ in wanted]
    quality = {name: Quality() for name in table.schema.names}
    done = 0
    task.progress(0, table.rows, "Reading the held-out rows")
    for batch in table.batches(table.schema.names):
        for name, counts in quality.items():
            counts.add(batch.column(name))
        for position, one in enumerate(wanted):
            parts[position].append(_values(batch.column(one["name"]), kinds[position], codes[position]))
        done += batch.num_rows
        task.progress(done, table.rows, "Reading the held-out rows")
    if done != table.rows:
        raise Refusal(f"The table says {table.rows:,} rows, but has {done:,}.")
    for position, arrays in enumerate(parts):
        np.save(task.output(f"column_{position}.npy"), _joined(arrays, kinds[position]), allow_pickle=False)
    types = {entry["name"]: entry["type"] for entry in table.columns()}
    return {
        "rows": table.rows,
        "columns": [
            {"kind": kind, "levels": _levels(one, codes[position])}
            for position, (one, kind) in enumerate(zip(wanted, kinds, strict=True))
        ],
        "quality": [{"name": name, "type": types[name], **vars(counts)} for name, counts in quality.items()],
    }


def _kind(table: TableFile, name: str, wanted: str) -> str:
    kind = table.schema.field(name).type
    if wanted == "codes":
        return "codes"
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "time"
    numeric = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
    return "number" if any(test(kind) for test in numeric) else "codes"


def _values(column: "pa.Array[Any]", kind: str, codes: Codes) -> np.ndarray[Any, Any]:
    if kind == "codes":
        return codes.encode(column)
    if kind == "time":
        zone = getattr(column.type, "tz", None)
        stamps: Any = column.cast(pa.timestamp("us", tz=zone), safe=False).cast(pa.int64())
        return integers(stamps, int(NO_TIME))
    return floats(column)


def _joined(arrays: Iterable[np.ndarray[Any, Any]], kind: str) -> np.ndarray[Any, Any]:
    empty = np.zeros(0, dtype=np.float64 if kind == "number" else np.int64)
    return np.concatenate([empty, *arrays])


def _levels(wanted: dict[str, str], codes: Codes) -> list[str] | None:
    """Return the levels; None where only sameness matters (units) and there are too many to send."""
    if len(codes.index) <= LARGEST_LEVELS:
        return [level[:LEVEL_LENGTH] for level in codes.index]
    if wanted["as"] == "codes":
        return None
    raise Refusal(f"Column “{wanted['name']}” has more than {LARGEST_LEVELS} levels; it can't be a label or a slice.")
