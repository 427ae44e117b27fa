import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from registry.sandboxed.arrays import floats, integers


@given(st.lists(st.none() | st.integers(-(2**53), 2**53)), st.integers(0, 5))
def test_numbers_survive_slicing_and_empty_values(values: list[int | None], start: int) -> None:
    column = pa.array(values, pa.int64())[start:]
    expected = values[start:]
    assert integers(column, -7).tolist() == [-7 if value is None else value for value in expected]
    np.testing.assert_array_equal(floats(column), [np.nan if value is None else value for value in expected])


def test_truth_values_become_numbers() -> None:
    np.testing.assert_array_equal(floats(pa.array([True, None, False])), [1.0, np.nan, 0.0])
