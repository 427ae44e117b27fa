"""Measures of a regression's predictions under row weights: RMSE, MAE, MAPE, R² and bias, in the label's unit."""

import numpy as np

from monitoring.stats.arrays import Counts, Floats
from monitoring.stats.ranking import Values, Weights

METRICS = ("rmse", "mae", "mape", "r2", "bias")
SEGMENT_METRICS = ("rmse", "mae", "bias")
COMPARED = ("rmse", "mae", "mape", "r2")
COMPARED_IN_SEGMENTS = ("rmse", "mae")
HIGHER_IS_BETTER = {"rmse": False, "mae": False, "mape": False, "r2": True}
UNDEFINED = {"mape": "A label is 0.", "r2": "All labels are equal."}
TERMS = ("n", "error", "absolute", "square", "share", "label", "label_square")


class RegressionMeasures:
    """One subject's predictions on some rows, made ready for many sets of weights (see BinaryMeasures)."""

    def __init__(self, labels: Floats, predictions: Floats, unit: Counts, units: int) -> None:
        error = predictions - labels
        # Centred labels keep the variance from cancelling.
        centred = labels - labels.mean()
        self.constant = bool((labels == labels[0]).all())
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.abs(error / labels) if (labels != 0).all() else np.full(len(labels), np.nan)
        terms = dict(
            zip(TERMS, (np.ones(len(labels)), error, abs(error), error**2, share, centred, centred**2), strict=True)
        )
        self.terms = np.column_stack([np.bincount(unit, weights=terms[name], minlength=units) for name in TERMS])

    def measure(self, weights: Weights) -> Values:
        """Return each metric for each set of weights; NaN where it is undefined.

        Bias is mean(prediction − label). R² is 1 − Σ(error²) / Σ(label − mean label)².
        """
        sums = dict(zip(TERMS, (weights.astype(np.float64) @ self.terms).T, strict=True))
        n = sums["n"]
        with np.errstate(invalid="ignore", divide="ignore"):
            scatter = sums["label_square"] - sums["label"] ** 2 / n
            nothing = np.full(len(n), np.nan)
            return {
                "rmse": np.sqrt(sums["square"] / n),
                "mae": sums["absolute"] / n,
                "mape": sums["share"] / n,
                "bias": sums["error"] / n,
                "r2": nothing if self.constant else np.where(scatter > 0, 1 - sums["square"] / scatter, np.nan),
            }
