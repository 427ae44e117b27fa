"""Data quality of a table: its schema against an expected one, what is missing in each column, duplicate rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class ColumnQuality:
    """What a column holds; counts of rows. Null, NaN and infinite are counted apart."""

    name: str
    type: str
    rows: int
    nulls: int
    nan: int
    infinite: int

    @property
    def missing_share(self) -> float:
        """Share of rows that are null, NaN or infinite; 1 in a table without rows."""
        return (self.nulls + self.nan + self.infinite) / self.rows if self.rows else 1.0


@dataclass(frozen=True)
class TableQuality:
    """A table's columns in order; `duplicates` is how many rows repeat an earlier one, None where not counted."""

    rows: int
    columns: tuple[ColumnQuality, ...]
    duplicates: int | None = None

    def column(self, name: str) -> ColumnQuality | None:
        """Return one column's quality, or None where the table has no such column."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class SchemaDifference:
    """How a table differs from what is expected; `wrong` holds (column, expected type, found type)."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    wrong: tuple[tuple[str, str, str], ...]


def table_quality(table: pa.Table) -> TableQuality:
    """Return what is missing in each column and how many rows repeat an earlier one (nested columns left out)."""
    columns = []
    for name in table.column_names:
        values = table.column(name)
        nan = infinite = 0
        if pa.types.is_floating(values.type):
            numbers = values.drop_null().cast(pa.float64()).to_numpy()
            nan, infinite = int(np.isnan(numbers).sum()), int(np.isinf(numbers).sum())
        columns.append(ColumnQuality(name, str(values.type), table.num_rows, values.null_count, nan, infinite))
    return TableQuality(table.num_rows, tuple(columns), duplicate_rows(table))


def duplicate_rows(table: pa.Table) -> int:
    """Return how many rows equal an earlier row in every column; nulls are equal, and so are NaN."""
    if table.num_rows == 0 or table.num_columns == 0:
        return 0
    # Column by column the rows' group numbers are refined, so no row is ever turned into Python objects.
    group = np.zeros(table.num_rows, dtype=np.int64)
    for name in table.column_names:
        values = table.column(name).combine_chunks()
        if pa.types.is_nested(values.type):
            continue
        encoded: Any = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values, "encode")
        codes = np.asarray(pc.fill_null(pc.cast(encoded.indices, pa.int64()), -1)) + 1
        _, group = np.unique(group * (int(codes.max()) + 1) + codes, return_inverse=True)
    return table.num_rows - len(np.unique(group))


def schema_difference(expected: Mapping[str, str], found: TableQuality) -> SchemaDifference:
    """Return missing, extra and wrongly typed columns; types are Arrow's names, and widths of a kind do not matter."""
    types = {column.name: column.type for column in found.columns}
    return SchemaDifference(
        missing=tuple(name for name in expected if name not in types),
        extra=tuple(name for name in types if name not in expected),
        wrong=tuple(
            (name, kind, types[name])
            for name, kind in expected.items()
            if name in types and type_family(kind) != type_family(types[name])
        ),
    )


def type_family(name: str) -> str:
    """Return what kind of values an Arrow type holds: integer, number, text, time, truth, or the name itself."""
    plain = name.lower()
    if plain.startswith("dictionary<values="):
        plain = plain.removeprefix("dictionary<values=").split(",")[0]
    starts = {
        "integer": ("int", "uint"),
        "number": ("float", "double", "halffloat", "decimal"),
        "text": ("string", "large_string", "utf8", "large_utf8", "string_view"),
        "time": ("timestamp", "date"),
        "truth": ("bool",),
    }
    return next((family for family, names in starts.items() if plain.startswith(names)), plain)
