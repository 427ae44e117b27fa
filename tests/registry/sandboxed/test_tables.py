import io
import struct
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import ipc

from portal.core.sandbox.child import Refusal
from registry.sandboxed import tables
from registry.sandboxed.tables import TableFile, describe, one_line
from tests.factories.registry_files import parquet
from tests.registry.sandboxed.conftest import MakeTask

lenient = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def arrow(data: bytes, *, stream: bool, rows: int = 3, compression: Any = None) -> bytes:
    """Return the Parquet table as an Arrow file or stream."""
    table, buffer = pq.read_table(io.BytesIO(data)), io.BytesIO()
    make = ipc.new_stream if stream else ipc.new_file
    with make(buffer, table.schema, options=ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return buffer.getvalue()


@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
@pytest.mark.parametrize("stream", [False, True])
def test_arrow_says_the_same_as_parquet(caged: MakeTask, compression: str | None, *, stream: bool) -> None:
    data = arrow(parquet(10), stream=stream, compression=compression)
    table = TableFile(caged(data), "file")
    assert table.kind == ("arrow stream" if stream else "arrow")
    expected = describe(TableFile(caged(parquet(10)), "file"), "day")
    assert describe(table, "day") == expected | {"row_groups": None}
    for columns in (["label", "x"], ["x"], ["day", "x", "label"]):
        batches = list(table.batches(columns, rows=2))
        assert [batch.schema.names for batch in batches] == [columns] * len(batches)
        read = pa.Table.from_batches(batches)
        assert read.equals(pq.read_table(io.BytesIO(parquet(10))).select(columns).cast(read.schema))


@pytest.mark.parametrize("stream", [False, True])
def test_arrow_of_nested_columns_and_without_rows(caged: MakeTask, *, stream: bool) -> None:
    with pytest.raises(Refusal, match="only flat columns"):
        TableFile(caged(arrow(parquet(2, nested=[[1], [2]]), stream=stream)), "file")
    assert TableFile(caged(arrow(parquet(0), stream=stream)), "file").rows == 0


@pytest.mark.parametrize("stream", [False, True])
def test_arrow_whose_values_lie_outside_its_buffers_is_refused(caged: MakeTask, *, stream: bool) -> None:
    honest, buffer = struct.pack("<3i", 0, 3, 5), io.BytesIO()
    text = pa.record_batch([pa.array(["abc", "de"])], names=["t"])
    with (ipc.new_stream if stream else ipc.new_file)(buffer, text.schema) as writer:
        writer.write_batch(text)
    assert buffer.getvalue().count(honest) == 1
    data = buffer.getvalue().replace(honest, struct.pack("<3i", 0, 2**30, 2**30 + 2))
    with pytest.raises(Refusal, match="can't be read"):
        TableFile(caged(data), "file")


def test_rows_and_columns_come_in_file_order(caged: MakeTask) -> None:
    found = describe(TableFile(caged(parquet(7)), "file"), "day")
    assert (found["rows"], found["row_groups"]) == (7, 1)
    assert found["columns"] == [
        {"name": "day", "type": "date32[day]"},
        {"name": "x", "type": "double"},
        {"name": "label", "type": "int64"},
    ]
    assert found["period"] == {"from": "2026-01-01", "to": "2026-01-07"}


def test_period_is_of_all_batches_and_leaves_empty_values_out(caged: MakeTask) -> None:
    times = [datetime(2026, 1, 2, tzinfo=UTC), None, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)]
    data = written(pa.table({"at": pa.array(times, pa.timestamp("us", "UTC"))}), row_group_size=2)
    found = describe(TableFile(caged(data), "file"), "at")
    assert found["period"] == {"from": "2026-01-01T00:00:00+00:00", "to": "2026-01-03T00:00:00+00:00"}
    empty = written(pa.table({"at": pa.array([None], pa.timestamp("us"))}))
    assert describe(TableFile(caged(empty), "file"), "at")["period"] == {"from": None, "to": None}


@pytest.mark.parametrize(
    "times",
    [
        pa.array([2_000_000_000], pa.int32()).cast(pa.date32()),
        pa.array([-(2**50)], pa.timestamp("s")),
        pa.array([2**62], pa.timestamp("us")),
        pa.array([2**62], pa.timestamp("ms", "UTC")),
    ],
)
def test_instants_that_no_calendar_has_are_refused(caged: MakeTask, times: "pa.Array[Any]") -> None:
    with pytest.raises(Refusal, match="outside the years 1 to 9999"):
        TableFile(caged(written(pa.table({"at": times}))), "file").period("at")


def test_nanoseconds_are_cut(caged: MakeTask) -> None:
    data = written(pa.table({"at": pa.array([1_767_225_600_000_000_123], pa.timestamp("ns"))}))
    assert TableFile(caged(data), "file").period("at")["from"] == "2026-01-01T00:00:00"


def test_without_a_time_column_there_is_no_period(caged: MakeTask) -> None:
    assert describe(TableFile(caged(parquet()), "file"), None)["period"] is None


def test_batches_hold_the_columns_asked_for(caged: MakeTask) -> None:
    for data in (parquet(10), b"x,y\n" + b"1,2\n" * 10):
        batches = list(TableFile(caged(data), "file").batches(["x"], rows=4))
        assert [batch.num_columns for batch in batches] == [1] * len(batches)
        assert sum(batch.num_rows for batch in batches) == 10


def test_missing_columns_are_named(caged: MakeTask) -> None:
    table = TableFile(caged(parquet()), "file")
    with pytest.raises(Refusal, match=r"lacks 2 column\(s\): delay, carrier"):
        table.require(["x", "delay", "carrier"])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"PAR1 broken", "can't be read"),
        (b"a,b\n1,2,3\n", "can't be read"),
        (b"a,a\n1,2\n", "columns of one name: a"),
        (b"a,\n1,2\n", "without a name"),
        (b"PK\x03\x04 zip", "neither Parquet, Arrow nor CSV"),
        (b"\x80\x04K\x01.", "pickle"),
        (parquet().replace(b"label", b"lab\x80l"), "can't be read"),
    ],
)
def test_what_is_no_flat_table_is_refused_in_words(caged: MakeTask, data: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        TableFile(caged(data), "file")


def test_columns_that_are_not_flat_are_refused(caged: MakeTask) -> None:
    with pytest.raises(Refusal, match="only flat columns"):
        TableFile(caged(parquet(2, nested=[[1], [2]])), "file")
    coded = pa.array(["a", "b"]).dictionary_encode()
    assert TableFile(caged(parquet(2, coded=coded)), "file").rows == 2


def test_tables_beyond_the_limits_are_refused(caged: MakeTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGEST_ROWS", 5)
    with pytest.raises(Refusal, match="larger than 5 rows"):
        TableFile(caged(parquet(6)), "file")


ALIKE = (parquet(5), arrow(parquet(5), stream=False), arrow(parquet(5), stream=True))


@lenient
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(caged: MakeTask, data: bytes) -> None:
    with suppress(Refusal):
        TableFile(caged(data), "file")


@lenient
@given(st.sampled_from(ALIKE), st.integers(0, 2000), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(caged: MakeTask, whole: bytes, at: int, value: int) -> None:
    data = bytearray(whole)
    data[at % len(data)] = value
    with suppress(Refusal):
        table = TableFile(caged(bytes(data)), "file")
        list(table.batches(table.schema.names))


def test_words_of_errors_stay_on_one_line() -> None:
    assert one_line("a\n b" + "c" * 400) == "a b" + "c" * 297
