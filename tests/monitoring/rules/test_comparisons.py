import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.rules.comparisons import Verdict, compare, compare_all
from monitoring.stats.figures import Measurement


def difference(
    name: str = "auc",
    value: float | None = 0.0,
    lower: float | None = None,
    upper: float | None = None,
    reason: str = "",
) -> Measurement:
    return Measurement(
        subject="difference", name=name, value=value, lower=lower, upper=upper, standard_error=None, n=10, unit="row",
        n_units=10, reason=reason,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "lower", "upper", "margin", "verdict"),
    [
        ("auc", 0.01, 0.03, 0.01, Verdict.BETTER),
        ("auc", 0.01, 0.03, None, Verdict.BETTER),
        ("auc", -0.005, 0.03, 0.01, Verdict.NOT_WORSE),
        ("auc", -0.01, 0.03, 0.01, Verdict.NOT_WORSE),
        ("auc", -0.008, -0.002, 0.01, Verdict.NOT_WORSE),
        ("auc", -0.05, -0.02, 0.01, Verdict.WORSE),
        ("auc", -0.05, -0.02, None, Verdict.WORSE),
        ("auc", -0.05, 0.05, 0.01, Verdict.NOT_ASSESSED),
        ("auc", -0.05, 0.05, None, Verdict.NOT_ASSESSED),
        ("auc", -0.0, 0.05, 0.0, Verdict.NOT_WORSE),
        ("log_loss", -0.03, -0.01, 0.01, Verdict.BETTER),
        ("log_loss", -0.03, 0.005, 0.01, Verdict.NOT_WORSE),
        ("log_loss", 0.02, 0.05, 0.01, Verdict.WORSE),
        ("positive_rate", 0.02, 0.05, 0.01, Verdict.NOT_ASSESSED),
    ],
)
def test_the_interval_and_the_margin_decide(
    name: str, lower: float, upper: float, margin: float | None, verdict: Verdict
) -> None:
    found = compare(difference(name, (lower + upper) / 2, lower, upper), margin)
    assert found.verdict is verdict
    assert found.holds == (verdict in {Verdict.BETTER, Verdict.NOT_WORSE})
    assert found.reason


def test_words_carry_three_significant_digits_and_no_minus_zero() -> None:
    assert compare(difference("log_loss", 0.0, -0.01, 0.0), 0.01).reason == ("At worst 0 worse; the margin is 0.0100.")
    assert compare(difference("auc", 0.0, -0.012345, 0.01), 0.02).reason == (
        "At worst 0.0123 worse; the margin is 0.0200."
    )
    assert compare(difference("auc", -0.03, -0.0512345, -0.02), 0.01).reason == "Worse by 0.0200 to 0.0512."


def test_without_an_interval_nothing_is_said() -> None:
    assert compare(difference(value=0.5), 0.01).reason == "There is no interval."
    assert compare(difference(value=None, reason="Only one outcome occurs."), 0.01).reason == "Only one outcome occurs."
    assert not compare(difference(value=0.5), 0.01).holds


def test_a_metric_with_a_margin_that_was_not_measured_is_not_assessed() -> None:
    found = compare_all([difference("auc", 0.02, 0.01, 0.03)], {"auc": 0.01, "brier": 0.01})
    assert [(one.metric, str(one.verdict)) for one in found] == [("auc", "better"), ("brier", "not assessed")]
    assert [one.as_dict()["higher_is_better"] for one in found] == [True, False]


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_not_worse_never_hides_a_loss_beyond_the_margin(lower: float, width: float, margin: float) -> None:
    found = compare(difference("auc", lower, lower, lower + width), margin)
    assert found.holds == (lower > 0 or lower >= -margin)
