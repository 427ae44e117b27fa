"""Checks of a run and the state that follows; nothing but a pass of everything passes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.choices import CheckOutcome, RunState
from monitoring.rules.claims import Claim, ClaimResult, ClaimVerdict
from monitoring.rules.comparisons import Comparison, Verdict
from monitoring.rules.outcomes import (
    TITLES,
    Check,
    claims_check,
    comparison_check,
    complete,
    labels_check,
    metrics_check,
    missing_check,
    rows_check,
    run_outcome,
    schema_check,
    scores_check,
    segments_check,
)
from monitoring.rules.plans import PlanSpecification
from monitoring.stats.figures import Measurement, Segment, ValidationFigures
from monitoring.stats.quality import ColumnQuality, TableQuality

PLAN = PlanSpecification(
    task="binary", label_column="late", threshold=0.5, metrics=("auc", "brier"), slices=("carrier", "origin")
)


def quality(**nulls: int) -> TableQuality:
    return TableQuality(100, tuple(ColumnQuality(name, "double", 100, count, 0, 0) for name, count in nulls.items()))


def measured(name: str, value: float | None = 0.7, lower: float | None = 0.6, reason: str = "") -> Measurement:
    return Measurement(
        subject="candidate", name=name, value=value, lower=lower, upper=lower, standard_error=None, n=10, unit="row",
        n_units=10, reason=reason,
    )  # fmt: skip


def figures(*measurements: Measurement, segments: tuple[Segment, ...] = ()) -> ValidationFigures:
    return ValidationFigures(
        task="binary", n=10, events=5, unit="row", n_units=10, resamples=200, threshold=0.5, notes=(),
        measurements=measurements, segments=segments, reliability=(), histograms=(), calibration_errors=(),
        brier_parts=(),
    )  # fmt: skip


def segment(column: str, *, assessed: bool) -> Segment:
    return Segment(column, "x", 10, 5, 10, assessed, "" if assessed else "10 rows; 400 are needed.")


def compared(verdict: Verdict, metric: str = "auc") -> Comparison:
    return Comparison(metric, 0.0, -0.1, 0.1, 0.01, verdict, "So.")


def claimed(verdict: ClaimVerdict) -> ClaimResult:
    return ClaimResult(Claim("auc", 0.7), 0.7, verdict, "So.")


def test_schema_names_what_is_missing_or_of_another_kind_and_counts_the_rest() -> None:
    table = quality(a=0, b=0)
    assert schema_check({"a": "float"}, table) == Check(
        "schema", CheckOutcome.PASSED, "2 columns, 1 of them not used", "1 expected columns"
    )
    found = schema_check({"a": "string", "c": "double"}, table)
    assert (found.outcome, found.message) == (CheckOutcome.FAILED, "“c” is missing, “a” is double, not string.")
    many = schema_check({f"m{at}": "double" for at in range(7)}, table)
    assert many.message.endswith("“m4” is missing, and 2 more.")


def test_missing_values_are_held_against_the_share_of_the_plan() -> None:
    assert missing_check(["a"], quality(a=5), PLAN).outcome is CheckOutcome.PASSED
    found = missing_check(["a", "b"], quality(a=6, b=0), PLAN)
    assert (found.outcome, found.message, found.read) == (
        CheckOutcome.FAILED,
        "“a” lacks 6.00\u202f% of its rows.",
        "at most 6.00\u202f%",
    )
    assert missing_check(["gone"], quality(a=0), PLAN).outcome is CheckOutcome.FAILED
    assert missing_check([], quality(a=0), PLAN).outcome is CheckOutcome.FAILED


def test_labels_and_rows_must_be_enough() -> None:
    assert labels_check(rows=100, missing=5, plan=PLAN).outcome is CheckOutcome.PASSED
    assert labels_check(rows=100, missing=6, plan=PLAN).message == "6 of 100 rows have no label."
    assert labels_check(rows=0, missing=0, plan=PLAN).outcome is CheckOutcome.FAILED
    assert rows_check(rows=1_000, rarer=100, plan=PLAN).outcome is CheckOutcome.PASSED
    assert rows_check(rows=999, rarer=99, plan=PLAN).message == (
        "999 labelled rows; 1,000 are needed, 99 rows of the rarer outcome; 100 are needed."
    )
    assert rows_check(rows=1_000, rarer=None, plan=PLAN).limit == "≥ 1,000 rows"


@pytest.mark.parametrize(
    ("scores", "task", "message"),
    [
        ([0.0, 1.0], "binary", ""),
        ([-5.0, 7.0], "regression", ""),
        ([0.5, np.nan], "binary", "1 of 2 scores are NaN."),
        ([np.inf, np.nan], "regression", "1 of 2 scores are NaN, 1 of 2 scores are infinite."),
        ([1.5, -0.1], "binary", "2 of 2 scores are outside 0 to 1."),
        ([0.5], "binary", "There is not one score for each row."),
        ([[0.5], [0.5]], "binary", "There is not one score for each row."),
    ],
)
def test_every_row_needs_a_usable_score(scores: Any, task: str, message: str) -> None:
    found = scores_check(np.array(scores), rows=2, task=task)
    assert (found.message, found.outcome) == (message, CheckOutcome.FAILED if message else CheckOutcome.PASSED)


def test_no_rows_have_no_scores_to_pass() -> None:
    assert scores_check(np.empty(0), rows=0, task="binary").message == "There are no rows."


def test_each_metric_of_the_plan_needs_a_value_and_an_interval() -> None:
    assert metrics_check(figures(measured("auc"), measured("brier")), PLAN).outcome is CheckOutcome.PASSED
    found = metrics_check(figures(measured("auc", None, None, "Only one outcome occurs.")), PLAN)
    assert (found.outcome, found.read) == (CheckOutcome.NO_DATA, "0 of 2")
    assert found.message == "AUC: Only one outcome occurs, Brier score: it was not measured."
    bare = metrics_check(figures(measured("auc", 0.7, None, "Only 3 resampling units."), measured("brier")), PLAN)
    assert bare.outcome is CheckOutcome.NO_DATA
    assert metrics_check(figures(), replace(PLAN, metrics=())).outcome is CheckOutcome.NO_DATA


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ([Verdict.BETTER, Verdict.NOT_WORSE], CheckOutcome.PASSED),
        ([Verdict.BETTER, Verdict.NOT_ASSESSED], CheckOutcome.NO_DATA),
        ([Verdict.NOT_ASSESSED, Verdict.WORSE], CheckOutcome.FAILED),
        ([], CheckOutcome.SKIPPED),
    ],
)
def test_each_compared_metric_must_hold(verdicts: list[Verdict], outcome: CheckOutcome) -> None:
    assert comparison_check([compared(one) for one in verdicts], has_champion=True).outcome is outcome


def test_without_a_champion_the_comparison_is_skipped_with_its_cause() -> None:
    found = comparison_check([], has_champion=False)
    assert (found.outcome, found.message) == (CheckOutcome.SKIPPED, "No sealed version is in production.")


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ([], CheckOutcome.SKIPPED),
        ([ClaimVerdict.NOT_COMPARABLE], CheckOutcome.SKIPPED),
        ([ClaimVerdict.NOT_COMPARABLE, ClaimVerdict.EQUAL], CheckOutcome.PASSED),
        ([ClaimVerdict.NOT_CONTRADICTED, ClaimVerdict.OVERSTATED], CheckOutcome.FAILED),
        ([ClaimVerdict.DIFFERS], CheckOutcome.FAILED),
    ],
)
def test_no_claim_may_be_refuted(verdicts: list[ClaimVerdict], outcome: CheckOutcome) -> None:
    assert claims_check([claimed(one) for one in verdicts]).outcome is outcome


def test_each_slice_needs_a_level_that_was_assessed() -> None:
    both = (segment("carrier", assessed=True), segment("origin", assessed=True), segment("origin", assessed=False))
    assert segments_check(figures(segments=both), PLAN).read == "2 of 3 levels assessed"
    bare = segments_check(figures(segments=both[:1]), PLAN)
    assert (bare.outcome, bare.message) == (CheckOutcome.NO_DATA, "No level of “origin” has enough rows.")
    assert segments_check(figures(), replace(PLAN, slices=())).outcome is CheckOutcome.SKIPPED


def test_a_complete_list_says_why_what_was_not_made_is_skipped() -> None:
    made = complete([Check("rows", CheckOutcome.FAILED)], "The rows did not pass.")
    assert [check.key for check in made] == list(TITLES)
    assert {check.message for check in made if check.outcome is CheckOutcome.SKIPPED} == {"The rows did not pass."}
    assert all(check.title for check in made)


@given(st.dictionaries(st.sampled_from(list(TITLES)), st.sampled_from(CheckOutcome)))
def test_only_a_run_that_looked_and_found_nothing_passes(found: dict[str, CheckOutcome]) -> None:
    outcome = run_outcome([Check(key, one) for key, one in found.items()])
    looked = all(found.get(key) is CheckOutcome.PASSED for key in ("schema", "scores", "metrics"))
    clean = set(found.values()) <= {CheckOutcome.PASSED, CheckOutcome.SKIPPED}
    assert (outcome.state is RunState.PASSED) == (looked and clean)
    assert bool(outcome.reasons) == (outcome.state is not RunState.PASSED)
    assert (outcome.state is RunState.ERRORED) == (CheckOutcome.ERRORED in found.values())
