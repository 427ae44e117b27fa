"""Columns added up over batches."""

import pyarrow as pa

from monitoring.sandboxed.read_columns import Codes, Quality


def test_codes_are_the_same_over_batches_and_kinds_of_text() -> None:
    codes = Codes()
    assert codes.encode(pa.array(["UA", None, "AA"])).tolist() == [0, -1, 1]
    assert codes.encode(pa.array(["AA", "B6"]).dictionary_encode()).tolist() == [1, 2]
    assert codes.encode(pa.array([None, None], pa.string())).tolist() == [-1, -1]
    assert list(codes.index) == ["UA", "AA", "B6"]


def test_quality_adds_up_over_batches_and_counts_each_kind_of_nothing_apart() -> None:
    quality = Quality()
    quality.add(pa.array([1.0, None, float("nan")]))
    quality.add(pa.array([float("inf"), -3.0]))
    assert (quality.nulls, quality.nan, quality.infinite) == (1, 1, 1)
    assert (quality.minimum, quality.maximum) == (-3.0, 1.0)
    text = Quality()
    text.add(pa.array(["x", None]))
    assert (text.nulls, text.minimum) == (1, None)
