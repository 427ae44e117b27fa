import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.charts import numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.72912, "0.729"),
        (-0.0385, "−0.0385"),
        (1234.5, "1,234"),
        (0.9996, "1.00"),
        (0.0, "0"),
        (12.0, "12.0"),
        (None, "no data"),
        (math.nan, "no data"),
        (-math.inf, "−∞"),
        (3.2e-9, "3.20 × 10⁻⁹"),
    ],
)
def test_measures_carry_three_significant_digits_and_a_true_minus(value: float | None, shown: str) -> None:
    assert numbers.significant(value) == shown


def test_a_difference_carries_its_sign() -> None:
    assert numbers.significant(0.0206, signed=True) == "+0.0206"


def test_what_rounds_to_zero_carries_no_sign() -> None:
    assert numbers.fixed(-0.0001, 2, signed=True) == "0.00"


@given(st.floats(min_value=1e-5, max_value=1e9))
def test_three_digits_lose_less_than_half_a_percent(value: float) -> None:
    read_back = float(numbers.significant(value).replace(",", ""))
    assert math.isclose(read_back, value, rel_tol=0.0051)


def test_both_ends_of_an_interval_have_the_same_places() -> None:
    assert numbers.interval(0.7, 0.7361) == "[0.700,\N{NO-BREAK SPACE}0.736]"
    assert numbers.interval(None, 0.7) == ""


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (999, "999 B"), (482_133, "482 kB"), (999_900, "1.00 MB"), (5 * 10**12, "5.00 TB")],
)
def test_sizes_use_powers_of_a_thousand(number: int, shown: str) -> None:
    assert numbers.size(number).replace(numbers.NARROW, " ") == shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "under a second"),
        (1, "1 second"),
        (41, "41 seconds"),
        (125, "2 min 5 s"),
        (12_000, "3 h 20 min"),
        (90_000, "25 h"),
        (1_036_800, "12 days"),
        (None, "no data"),
    ],
)
def test_durations_are_words(seconds: float | None, words: str) -> None:
    assert numbers.duration(seconds) == words


def test_counts_are_exact() -> None:
    assert numbers.count(55_628) == "55,628"


def test_a_share_becomes_percent() -> None:
    assert numbers.percent(0.0932) == f"9.32{numbers.NARROW}%"
