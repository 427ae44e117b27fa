"""Tables of a file that nobody has vouched for: Parquet, Arrow or CSV, flat columns, read in batches."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import ipc

from portal.core.sandbox.child import CagedTask, Refusal
from registry.sandboxed.content import HEAD_BYTES, classify
from registry.sandboxed.csv_files import CsvFile

LARGEST_ROWS = 200_000_000
LARGEST_COLUMNS = 4_000
NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
BATCH_ROWS = 65_536
TEXT_TYPES = (pa.types.is_string, pa.types.is_large_string)
BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What Arrow raises over a broken file; names that are not UTF-8 among them."""
FLAT_TYPES = (
    *TEXT_TYPES,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_temporal,
    pa.types.is_null,
)


LABELS = {"parquet": "Parquet", "arrow": "Arrow", "arrow stream": "Arrow", "text": "CSV"}


class TableFile:
    """One Parquet, Arrow or CSV input: its schema now, its rows when asked."""

    def __init__(self, task: CagedTask, name: str) -> None:
        data = task.map(name)
        content = classify(bytes(data[:HEAD_BYTES]))
        if content.refusal:
            raise Refusal(content.refusal)
        if content.kind not in LABELS:
            raise Refusal("This is neither Parquet, Arrow nor CSV. Save the table as Parquet.")
        self.kind = "csv" if content.kind == "text" else content.kind
        self._label = LABELS[content.kind]
        self._data = pa.py_buffer(data)
        self.schema: pa.Schema
        self.rows = 0
        self.row_groups: int | None = None
        try:
            self._open(bytes(data[:HEAD_BYTES]))
            self._check()
        except BROKEN as error:
            raise Refusal(f"The {self._label} file can't be read: {one_line(error)}") from None

    def _open(self, head: bytes) -> None:
        if self.kind == "parquet":
            self._parquet = pq.ParquetFile(pa.BufferReader(self._data))
            self.schema, self.rows = self._parquet.schema_arrow, self._parquet.metadata.num_rows
            self.row_groups = self._parquet.metadata.num_row_groups
        elif self.kind == "csv":
            self._csv = CsvFile(self._data, head)
            self.schema = self._csv.schema
            self._check()  # before the rows, as below
            self._csv.learn()
            self.schema, self.rows = self._csv.schema, self._csv.rows
        else:
            self.schema = self._arrow().schema
            self._check()  # before the rows: one of many columns would be read in whole
            self.rows = sum(batch.num_rows for batch in self._arrow_batches([]))

    def _arrow(self, columns: Sequence[int] | None = None) -> Any:
        """Open an Arrow file or stream anew, to read these columns of it, by place (None: all)."""
        options = ipc.IpcReadOptions(included_fields=list(columns or ()), use_threads=False)
        source = pa.BufferReader(self._data)
        return (ipc.open_file if self.kind == "arrow" else ipc.open_stream)(source, options=options)

    def _arrow_batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the batches as they lie there, of these columns; the first column alone, to count, where none is named.

        Arrow trusts what a file says of its own buffers, so that each batch is checked before anything reads it.
        """
        places = sorted(self.schema.get_field_index(name) for name in columns) or [0]
        reader = self._arrow(places)
        batches = (reader.get_batch(at) for at in range(reader.num_record_batches)) if self.kind == "arrow" else reader
        for batch in batches:
            batch.validate(full=True)
            yield batch.select(list(columns)) if columns else batch

    def _check(self) -> None:
        names = self.schema.names
        if self.rows > LARGEST_ROWS or len(names) > LARGEST_COLUMNS:
            raise Refusal(f"The table is larger than {LARGEST_ROWS} rows or {LARGEST_COLUMNS} columns.")
        if not names:
            raise Refusal("The table has no columns.")
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise Refusal(f"The table has columns of one name: {', '.join(repeated)[:300]}.")
        for field in self.schema:
            if not NAME.fullmatch(field.name):
                raise Refusal("The table has a column without a name, or with one of more than 200 characters.")
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            if not any(test(kind) for test in FLAT_TYPES):
                raise Refusal(f"Column “{field.name}” is of type {field.type}; only flat columns are read.")

    def require(self, columns: Sequence[str]) -> None:
        """Raise Refusal naming the columns that the table lacks."""
        known = set(self.schema.names)
        missing = [name for name in columns if name not in known]
        if missing:
            raise Refusal(f"The table lacks {len(missing)} column(s): {', '.join(missing)[:400]}.")

    def batches(self, columns: Sequence[str], rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Yield these columns in batches; raises Refusal when the file turns out to be broken."""
        self.require(columns)
        try:
            if self.kind == "parquet":
                yield from self._parquet.iter_batches(batch_size=rows, columns=list(columns), use_threads=True)
            elif self.kind != "csv":
                for batch in self._arrow_batches(columns):
                    yield from (batch.slice(start, rows) for start in range(0, batch.num_rows, rows))
            else:
                yield from self._csv.batches(columns, rows)
        except BROKEN as error:
            raise Refusal(f"The {self._label} file can't be read: {one_line(error)}") from None

    def columns(self) -> list[dict[str, str]]:
        """Return each column's name and type."""
        return [{"name": field.name, "type": str(field.type)} for field in self.schema]

    def period(self, column: str) -> dict[str, str | None]:
        """Return the first and last instant of a time column as ISO 8601; raises Refusal when it holds no times."""
        self.require([column])
        kind = self.schema.field(column).type
        if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
            raise Refusal(f"The time column “{column}” is of type {kind}; it must hold dates or timestamps.")
        lowest, highest = [], []
        try:
            for batch in self.batches([column]):
                times = batch.column(0)
                if pa.types.is_timestamp(kind) and kind.unit == "ns":  # it would come as pandas' own type
                    times = times.cast(pa.timestamp("us", kind.tz), safe=False)
                ends: dict[str, Any] = pc.min_max(times).as_py()  # type: ignore[assignment]
                if ends["min"] is not None:
                    lowest.append(ends["min"])
                    highest.append(ends["max"])
        except (pa.ArrowException, ValueError, OverflowError):
            raise Refusal(f"The time column “{column}” holds instants outside the years 1 to 9999.") from None
        if not lowest:
            return {"from": None, "to": None}
        return {"from": min(lowest).isoformat(), "to": max(highest).isoformat()}


def one_line(error: object) -> str:
    """Return an error's words on one line, cut at 300 characters."""
    return " ".join(str(error).split())[:300]


def describe(table: TableFile, time_column: str | None) -> dict[str, Any]:
    """Return what a snapshot records of its table."""
    return {
        "rows": table.rows,
        "columns": table.columns(),
        "row_groups": table.row_groups,
        "period": None if time_column is None else table.period(time_column),
    }
