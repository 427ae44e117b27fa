"""Measures of a binary classifier's scores under row weights, and why one is undefined."""

import numpy as np

from monitoring.stats.arrays import Counts, Flags, Floats
from monitoring.stats.ranking import RankCurve, Values, Weights
from monitoring.stats.recalibration import Recalibration

METRICS = (
    "auc",
    "average_precision",
    "log_loss",
    "brier",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "ks",
    "calibration_slope",
    "calibration_intercept",
    "positive_rate",
    "selection_rate",
)
SEGMENT_METRICS = ("auc", "log_loss", "brier", "positive_rate", "calibration_gap")
COMPARED = ("auc", "average_precision", "log_loss", "brier", "accuracy", "precision", "recall", "f1", "ks")
COMPARED_IN_SEGMENTS = ("auc", "log_loss", "brier")
HIGHER_IS_BETTER = {
    "auc": True,
    "average_precision": True,
    "log_loss": False,
    "brier": False,
    "accuracy": True,
    "precision": True,
    "recall": True,
    "f1": True,
    "ks": True,
}
UNDEFINED = {
    "auc": "Only one outcome occurs.",
    "average_precision": "Only one outcome occurs.",
    "ks": "Only one outcome occurs.",
    "precision": "No row is at or above the threshold.",
    "recall": "No row has the outcome.",
    "f1": "No row has the outcome or is at or above the threshold.",
    "calibration_slope": "No finite slope fits: one outcome, equal scores, or scores that separate the outcomes.",
    "calibration_intercept": "Only one outcome occurs.",
}
TERMS = ("n", "events", "log_loss", "brier", "score", "true_positives", "predicted")


class BinaryMeasures:
    """One subject's scores on some rows, made ready for many sets of weights.

    `unit` is each row's resampling unit in 0..units−1. A row is predicted positive at `threshold` or above.
    """

    def __init__(
        self, labels: Flags, scores: Floats, unit: Counts, units: int, *, threshold: float, whole: bool = True
    ) -> None:
        self.whole = whole
        self.curve = RankCurve(labels, scores, unit)
        self.recalibration = Recalibration(-np.sort(-scores)) if whole else None
        terms = row_terms(labels, scores, threshold)
        self.terms = np.column_stack([np.bincount(unit, weights=terms[name], minlength=units) for name in TERMS])

    def measure(self, weights: Weights) -> Values:
        """Return each metric for each set of weights (sets by units); NaN where it is undefined."""
        total, positive = self.curve.cumulated(weights)
        values = self.curve.from_cumulated(total, positive, whole=self.whole)
        if self.recalibration is not None:
            values |= self.recalibration.measure(total, positive)
        sums = dict(zip(TERMS, (weights.astype(np.float64) @ self.terms).T, strict=True))
        with np.errstate(invalid="ignore", divide="ignore"):
            n, events, hits, predicted = sums["n"], sums["events"], sums["true_positives"], sums["predicted"]
            values["log_loss"] = sums["log_loss"] / n
            values["brier"] = sums["brier"] / n
            values["positive_rate"] = events / n
            values["calibration_gap"] = (sums["score"] - events) / n
            if self.whole:
                values["selection_rate"] = predicted / n
                values["accuracy"] = (n - predicted - events + 2 * hits) / n
                values["precision"] = hits / predicted
                values["recall"] = hits / events
                values["f1"] = 2 * hits / (predicted + events)
        return values


def row_terms(labels: Flags, scores: Floats, threshold: float) -> Values:
    """Return what each row adds to the sums.

    Log loss in nats, with scores kept one float64 epsilon from 0 and 1 (as scikit-learn does); Brier is (p − y)².
    """
    outcome = labels.astype(np.float64)
    epsilon = np.finfo(np.float64).eps
    kept = np.clip(scores, epsilon, 1 - epsilon)
    predicted = scores >= threshold
    return {
        "n": np.ones(len(scores)),
        "events": outcome,
        "log_loss": -np.where(labels, np.log(kept), np.log1p(-kept)),
        "brier": (scores - outcome) ** 2,
        "score": scores,
        "true_positives": (predicted & labels).astype(np.float64),
        "predicted": predicted.astype(np.float64),
    }
