"""How people call the measures, and how they read them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Measure:
    """A measure's name for people; `note` says what is better, `how` whether it is read as percent or signed."""

    key: str
    title: str
    note: str = ""
    how: Literal["", "percent", "signed"] = ""

    @property
    def word(self) -> str:
        """Its name within a sentence: "log loss", but "Brier score" and "AUC"."""
        return self.title if self.key in NAMES else self.title[0].lower() + self.title[1:]


NAMES = frozenset({"auc", "brier", "f1", "ks", "mae", "mape", "r2", "rmse"})
"""What begins with somebody's name or an abbreviation."""
LOWER = "lower is better"
HIGHER = "higher is better"
MEASURES = {
    one.key: one
    for one in (
        Measure("auc", "AUC", HIGHER),
        Measure("average_precision", "Average precision", HIGHER),
        Measure("log_loss", "Log loss", LOWER),
        Measure("brier", "Brier score", LOWER),
        Measure("accuracy", "Accuracy", HIGHER),
        Measure("precision", "Precision", HIGHER),
        Measure("recall", "Recall", HIGHER),
        Measure("f1", "F1", HIGHER),
        Measure("ks", "Kolmogorov–Smirnov", HIGHER),
        Measure("calibration_slope", "Calibration slope", "1 is perfect"),
        Measure("calibration_intercept", "Calibration intercept", "0 is perfect"),
        Measure("calibration_gap", "Calibration gap", "predicted minus observed", "signed"),
        Measure("positive_rate", "Positive rate", "in the labels", "percent"),
        Measure("selection_rate", "Selection rate", "at or above the threshold", "percent"),
        Measure("rmse", "RMSE", LOWER),
        Measure("mae", "MAE", LOWER),
        Measure("mape", "MAPE", LOWER),
        Measure("r2", "R²", HIGHER),
        Measure("bias", "Bias", "0 is perfect", "signed"),
        Measure("pinball", "Pinball loss", LOWER),
    )
}


def measure_named(key: str) -> Measure:
    """Return the measure of this name; one that is not known here is spelt out."""
    return MEASURES.get(key) or Measure(key, key.replace("_", " ").capitalize())
