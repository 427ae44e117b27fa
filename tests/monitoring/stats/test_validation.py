"""All figures of a run at once, against scikit-learn and against themselves."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from monitoring.stats.arrays import NotMeasurable
from monitoring.stats.figures import ValidationFigures
from monitoring.stats.validation import INDEPENDENT, measure_binary, measure_regression

ROWS, DAYS = 2_000, 50


def binary(**changes: Any) -> ValidationFigures:
    rng = np.random.default_rng(3)
    risk = rng.normal(size=ROWS)
    arguments: dict[str, Any] = {
        "labels": (rng.random(ROWS) < 1 / (1 + np.exp(-risk))).astype(np.float64),
        "candidate_scores": 1 / (1 + np.exp(-risk)),
        "champion_scores": 1 / (1 + np.exp(-(risk + rng.normal(size=ROWS)))),
        "slices": {"half": np.arange(ROWS) % 2, "rare": np.where(np.arange(ROWS) < 20, "few", "many")},
        "units": np.repeat(np.arange(DAYS), ROWS // DAYS),
        "unit_name": "day",
        "resamples": 200,
        "rng": np.random.default_rng(1),
    }
    return measure_binary(**arguments | changes)


def test_values_are_scikit_learns_and_lie_in_their_intervals() -> None:
    rng = np.random.default_rng(3)
    risk = rng.normal(size=ROWS)
    labels, scores = rng.random(ROWS) < 1 / (1 + np.exp(-risk)), 1 / (1 + np.exp(-risk))
    figures = binary()
    for name, expected in {
        "auc": metrics.roc_auc_score(labels, scores),
        "average_precision": metrics.average_precision_score(labels, scores),
        "log_loss": metrics.log_loss(labels, scores),
        "brier": metrics.brier_score_loss(labels, scores),
        "f1": metrics.f1_score(labels, scores >= 0.5),
    }.items():
        found = figures.find(name)
        assert found is not None
        assert found.value == pytest.approx(expected)
        assert found.lower is not None
        assert found.upper is not None
        assert found.lower < expected < found.upper
        assert (found.n, found.unit, found.n_units) == (ROWS, "day", DAYS)


def test_a_difference_is_candidate_minus_champion_and_narrower_than_both() -> None:
    figures = binary()
    mine, theirs, difference = (figures.find("auc", one) for one in ("candidate", "champion", "difference"))
    assert mine is not None
    assert theirs is not None
    assert difference is not None
    assert difference.value == pytest.approx((mine.value or 0) - (theirs.value or 0))
    assert (difference.standard_error or 1) < (mine.standard_error or 0) + (theirs.standard_error or 0)
    assert [one.name for one in binary(champion_scores=None).differences] == []
    same = binary(champion_scores=1 / (1 + np.exp(-np.random.default_rng(3).normal(size=ROWS)))).find(
        "auc", "difference"
    )
    assert same is not None
    assert (same.value, same.lower, same.upper) == (0.0, 0.0, 0.0)


def test_segments_are_measured_or_say_why_not() -> None:
    figures = binary()
    assert {(one.column, one.level): one.assessed for one in figures.segments} == {
        ("half", "0"): True, ("half", "1"): True, ("rare", "many"): True, ("rare", "few"): False,
    }  # fmt: skip
    few = figures.find("auc", column="rare", level="few")
    assert few is not None
    assert (few.value, few.n, few.reason) == (None, 20, "20 rows; 400 are needed.")
    assert figures.find("auc", "difference", "half", "0") is not None


def test_the_same_seed_gives_the_same_bytes_and_json_keeps_them() -> None:
    text = json.dumps(binary().as_dict(), allow_nan=False)
    assert text == json.dumps(binary().as_dict(), allow_nan=False)
    assert text != json.dumps(binary(rng=np.random.default_rng(2)).as_dict(), allow_nan=False)
    assert ValidationFigures.from_dict(json.loads(text)) == binary()


def test_rows_without_a_unit_are_said_to_be_assumed_independent() -> None:
    assert binary(units=None).notes == (INDEPENDENT,)
    assert "only 5 resampling units" in binary(units=np.arange(ROWS) % 5).notes[0]
    few = binary(units=np.arange(ROWS) % 5).find("auc")
    assert few is not None
    assert few.lower is None


def test_progress_ends_where_it_said() -> None:
    steps: list[tuple[int, int]] = []
    binary(progress=lambda done, total, _: steps.append((done, total)))
    assert steps[0] == (0, 200)
    assert steps[-1] == (200, 200)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": np.full(ROWS, 2.0)}, "neither 0 nor 1"),
        ({"candidate_scores": np.full(ROWS, 1.5)}, "outside 0 to 1"),
        ({"candidate_scores": np.full(ROWS, np.nan)}, "NaN or infinite"),
        ({"champion_scores": np.zeros(3)}, "Rows differ"),
        ({"units": np.zeros(3)}, "Rows differ"),
        ({"slices": {"s": np.zeros(3)}}, "Rows differ"),
    ],
)
def test_what_can_not_be_measured_is_refused_with_the_reason(change: dict[str, Any], words: str) -> None:
    with pytest.raises(NotMeasurable, match=words):
        binary(**change)


def test_one_outcome_only_leaves_ranks_undefined_with_the_reason() -> None:
    found = binary(labels=np.zeros(ROWS)).find("auc")
    assert found is not None
    assert (found.value, found.reason) == (None, "Only one outcome occurs.")


def test_a_regression_is_measured_likewise() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(10, 2, ROWS)
    mine, theirs = truth + rng.normal(0, 1, ROWS), truth + rng.normal(0, 2, ROWS)
    figures = measure_regression(
        labels=truth, candidate_scores=mine, champion_scores=theirs, slices={"half": np.arange(ROWS) % 2},
        units=np.repeat(np.arange(DAYS), ROWS // DAYS), unit_name="day", resamples=200, rng=np.random.default_rng(1),
    )  # fmt: skip
    found = {name: figures.find(name) for name in ("rmse", "mae", "r2", "mape")}
    expected = {
        "rmse": metrics.root_mean_squared_error(truth, mine),
        "mae": metrics.mean_absolute_error(truth, mine),
        "r2": metrics.r2_score(truth, mine),
        "mape": metrics.mean_absolute_percentage_error(truth, mine),
    }
    assert {name: one.value if one else None for name, one in found.items()} == pytest.approx(expected)
    difference = figures.find("rmse", "difference")
    assert difference is not None
    assert difference.upper is not None
    assert difference.upper < 0
    assert (figures.events, figures.threshold, figures.calibration_errors) == (None, None, ())
    assert ValidationFigures.from_dict(figures.as_dict()) == figures
