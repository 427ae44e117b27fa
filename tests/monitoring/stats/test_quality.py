import math

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from monitoring.stats.quality import duplicate_rows, schema_difference, table_quality


def test_missing_values_are_counted_apart() -> None:
    table = pa.table({"x": pa.array([1.0, None, math.nan, math.inf]), "s": pa.array(["a", None, None, "b"])})
    quality = table_quality(table)
    x, s = quality.column("x"), quality.column("s")
    assert x is not None
    assert s is not None
    assert (x.nulls, x.nan, x.infinite, x.missing_share) == (1, 1, 1, 0.75)
    assert (s.nulls, s.nan, s.missing_share) == (2, 0, 0.5)
    assert quality.column("y") is None
    assert (quality.rows, quality.duplicates) == (4, 0)


def test_a_table_without_rows_lacks_everything() -> None:
    quality = table_quality(pa.table({"x": pa.array([], pa.float64())}))
    assert quality.columns[0].missing_share == 1.0


@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])), max_size=30))
def test_duplicates_are_rows_that_repeat_an_earlier_one(rows: list[tuple[str | None, int | None]]) -> None:
    table = pa.table(
        {"s": pa.array([row[0] for row in rows], pa.string()), "i": pa.array([row[1] for row in rows], pa.int64())}
    )
    assert duplicate_rows(table) == len(rows) - len(set(rows))


def test_duplicates_see_dictionaries_and_skip_nested_columns() -> None:
    table = pa.table({"d": pa.array(["a", "a", None, None]).dictionary_encode(), "l": pa.array([[1], [1], [2], [3]])})
    assert duplicate_rows(table) == 2


def test_schema_names_missing_extra_and_wrong_columns() -> None:
    quality = table_quality(
        pa.table({"a": pa.array([1], pa.int32()), "b": ["x"], "d": pa.array(["x"]).dictionary_encode(), "e": [True]})
    )
    difference = schema_difference({"a": "int64", "b": "double", "c": "string", "d": "string"}, quality)
    assert difference.missing == ("c",)
    assert difference.extra == ("e",)
    assert difference.wrong == (("b", "double", "string"),)
