"""CSV files, block by block: once to learn what the columns hold, then at each reading; memory stays small."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from portal.core.sandbox.child import Refusal

DELIMITERS = ",;\t|"
TEXT: Any = pa.string()
EMPTY: Any = pa.null()
CONVERTED: dict[str, Any] = {"strings_can_be_null": True, "quoted_strings_can_be_null": False}


class CsvFile:
    """A CSV file with a header line: the columns' names now, their types and the number of rows once learned."""

    def __init__(self, data: pa.Buffer, head: bytes) -> None:
        header = head.split(b"\n", 1)[0].decode(errors="replace").lstrip("\ufeff")
        self._data, self._delimiter = data, max(DELIMITERS, key=header.count)
        if not next(csv.reader([header.rstrip("\r")], delimiter=self._delimiter), None):
            raise Refusal("The CSV file has no header line.")
        self.schema: pa.Schema = pa.schema([(name, TEXT) for name in self._open({}).schema.names])
        self.rows = 0

    def learn(self) -> None:
        """Read the file once: give each column the narrowest type that every block of it has, and count the rows."""
        types = dict.fromkeys(self.schema.names, EMPTY)
        for batch in self._open(dict.fromkeys(types, TEXT)):
            self.rows += batch.num_rows
            undecided = [name for name, kind in types.items() if kind != TEXT]
            if undecided and batch.num_rows:
                found = _types_of(batch.select(undecided))
                types |= {name: joined(types[name], kind) for name, kind in found.items()}
        self.schema = pa.schema(list(types.items()))

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Yield these columns, in this order, in batches of at most so many rows."""
        types = {field.name: field.type for field in self.schema}
        for batch in self._open(types, list(columns)):
            yield from (batch.slice(start, rows) for start in range(0, batch.num_rows, rows))

    def _open(self, types: dict[str, Any], columns: list[str] | None = None) -> pacsv.CSVStreamingReader:
        return pacsv.open_csv(
            pa.BufferReader(self._data),  # type: ignore[arg-type] # the stubs know paths and Python files only
            read_options=pacsv.ReadOptions(use_threads=False),
            parse_options=pacsv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(column_types=types, include_columns=columns, **CONVERTED),
        )


def joined(one: Any, other: Any) -> Any:
    """Return the narrowest type that holds the values of both as they are written; text holds any."""
    if one == other or EMPTY in {one, other}:
        return other if one == EMPTY else one
    both = {one, other}
    if both == {pa.int64(), pa.float64()}:
        return pa.float64()
    dates = both == {pa.date32(), pa.timestamp("s")} or both == {pa.date32(), pa.timestamp("ns")}
    if dates or (all(pa.types.is_timestamp(kind) for kind in both) and one.tz == other.tz):
        finest = pa.timestamp("ns", getattr(one if pa.types.is_timestamp(one) else other, "tz", None))
        return finest if finest in both else pa.timestamp("s")
    return TEXT


def _types_of(block: pa.RecordBatch) -> dict[str, Any]:
    """Return what Arrow takes a block's columns for, of which the text is known: written anew, and read."""
    sink = pa.BufferOutputStream()
    pacsv.write_csv(block, sink, pacsv.WriteOptions(include_header=False))
    written = sink.getvalue()
    table = pacsv.read_csv(
        pa.BufferReader(written),  # type: ignore[arg-type] # as above
        read_options=pacsv.ReadOptions(
            use_threads=False, column_names=block.schema.names, block_size=max(1, min(written.size + 1, 2**31 - 1))
        ),
        parse_options=pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pacsv.ConvertOptions(**CONVERTED),
    )
    return {field.name: field.type for field in table.schema}
