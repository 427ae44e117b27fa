"""Whole profiles, in the real cage."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from monitoring.runners.profiling import ProfileOrder, ProfileResult, profile_table
from portal.core.sandbox import Limits
from tests.factories.registry import stored
from tests.monitoring import files

pytestmark = pytest.mark.django_db


def told_of(data: bytes) -> list[dict[str, str]]:
    """Return what the inspection reads of Parquet."""
    return [{"name": one.name, "type": str(one.type)} for one in pq.read_schema(BytesIO(data))]


COLUMNS = told_of(files.parquet(files.held_out_rows()))


def profiled(data: bytes, columns: list[dict[str, str]] = COLUMNS, **how: Any) -> ProfileResult:
    return profile_table(ProfileOrder(stored(data).pk, columns), **how)


def by_name(found: ProfileResult, columns: list[dict[str, str]] = COLUMNS) -> Mapping[str, Any]:
    assert not found.failed, found.failed
    assert not found.refused, found.refused
    return {told["name"]: one for told, one in zip(columns, found.columns, strict=True)}


def test_what_the_columns_of_parquet_hold_is_what_pandas_says_and_progress_is_told() -> None:
    rows, told = files.held_out_rows(), list[tuple[int, int, str]]()
    found = by_name(profiled(files.parquet(rows), progress=lambda *one: told.append(one)))
    assert found["a"].summary["mean"] == pytest.approx(rows["a"].mean(), rel=1e-11)
    assert found["value"].summary["sd"] == pytest.approx(rows["value"].std(ddof=0), rel=1e-11)
    assert found["site"].cells["levels"][0]["count"] == rows["site"].value_counts().iloc[0]
    assert found["day"].summary["latest"] == "2026-03-01T00:00:00.000000Z"
    assert (found["shift"].kind, found["shift"].summary["maximum"]) == ("number", 1.0)
    assert told[0][2].startswith("Learning the cells of a and 6 more columns")
    assert all(done <= total for done, total, _ in told)


def test_csv_comes_to_the_same_as_parquet() -> None:
    rows = files.held_out_rows().drop(columns="day")
    columns = [one for one in COLUMNS if one["name"] != "day"]
    of_csv = [one | {"type": one["type"].removeprefix("large_")} for one in columns]
    from_csv = profiled(rows.to_csv(index=False).encode(), of_csv)
    assert not from_csv.failed
    assert from_csv.columns == profiled(files.parquet(rows), columns).columns


@pytest.mark.parametrize("make", [ipc.new_file, ipc.new_stream])
def test_arrow_comes_to_the_same_as_parquet(make: Any) -> None:
    data = files.parquet(files.held_out_rows())
    table, sink = pq.read_table(BytesIO(data)), BytesIO()
    with make(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=500)
    found = profiled(sink.getvalue())
    assert not found.failed
    assert found.columns == profiled(data).columns


def test_row_groups_change_nothing() -> None:
    rows = pa.Table.from_pandas(files.held_out_rows())
    sinks = [BytesIO(), BytesIO()]
    for sink, size in zip(sinks, (10_000, 100), strict=True):
        pq.write_table(rows, sink, row_group_size=size)
    one, other = (profiled(sink.getvalue()) for sink in sinks)
    assert one.columns == other.columns


def test_every_flat_type_is_counted() -> None:
    day = pd.Timestamp("2026-01-01")
    table = pa.table(
        {
            "flag": pa.array([True, None, False]),
            "price": pa.array([1, 2, None], pa.decimal128(9, 2)),
            "half": pa.array([1.5, 2.5, None], pa.float16()),
            "nothing": pa.nulls(3),
            "zoned": pa.array([day, day, None], pa.timestamp("ns", "Europe/Vienna")),
            "date": pa.array([day, day, None], pa.date32()),
            "clock": pa.array([1, 2, 3], pa.time32("s")),
            "took": pa.array([1, None, 3], pa.duration("s")),
            "coded": pa.array(["x", None, "x"]).dictionary_encode(),
            "coded_number": pa.array([7, None, 7]).dictionary_encode(),
            "big": pa.array([2**63 - 1, None, 0], pa.int64()),
        }
    )
    sink = BytesIO()
    pq.write_table(table, sink)
    columns = told_of(sink.getvalue())
    found = by_name(profiled(sink.getvalue(), columns), columns)
    kinds = {name: one.kind for name, one in found.items()}
    assert kinds == {
        "flag": "level", "price": "number", "half": "number", "nothing": "other", "zoned": "time", "date": "time",
        "clock": "other", "took": "other", "coded": "level", "coded_number": "number", "big": "number",
    }  # fmt: skip
    assert all(one.summary["n"] + one.summary["nulls"] == 3 for one in found.values())
    assert found["coded"].summary["commonest"] == "x"
    assert found["coded_number"].summary["mean"] == 7.0


def test_a_table_without_rows_has_a_profile() -> None:
    empty = files.parquet(files.held_out_rows().iloc[:0])
    found = profiled(empty, told_of(empty))
    assert {one.summary["n"] for one in found.columns} == {0}


def test_nested_columns_and_broken_files_are_refused_with_a_word() -> None:
    sink = BytesIO()
    pq.write_table(pa.table({"a": [[1, 2]]}), sink)
    assert "only flat columns are read" in profiled(sink.getvalue()).refused
    whole = files.parquet(files.held_out_rows())
    assert "can't be read" in profiled(whole[: len(whole) // 2] + whole[-1000:]).refused


def test_other_columns_than_the_inspection_read_are_not_believed() -> None:
    assert "other columns" in profiled(files.parquet(files.held_out_rows()), COLUMNS[:-1]).failed


def test_work_that_ends_at_a_limit_says_so() -> None:
    found = profiled(files.parquet(files.held_out_rows()), limits=Limits(folder_bytes=1_000, file_bytes=1_000))
    assert found.failed.startswith("The table could not be profiled.")
