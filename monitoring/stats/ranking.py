"""Rank measures of binary scores (AUC, average precision, KS) under any row weights, exact with ties."""

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.arrays import Counts, Flags, Floats

Weights = NDArray[np.int32]
Values = dict[str, Floats]

RANK_METRICS = ("auc", "average_precision", "ks")


class RankCurve:
    """Rows sorted once by falling score, so that each set of weights needs only two cumulative sums.

    `unit` is each row's resampling unit: weights come by unit.
    """

    def __init__(self, labels: Flags, scores: Floats, unit: Counts) -> None:
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        self.unit = unit[order]
        self.positive = labels[order].astype(np.int32)
        ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        self.ends: Counts | None = None if len(ends) == len(ranked) else ends

    def measure(self, weights: Weights, *, whole: bool = True) -> Values:
        """Return AUC and, if `whole`, average precision and KS for each row of `weights` (sets by units).

        AUC is the share of (positive, negative) pairs in order, ties half (Mann-Whitney); average precision is
        Σ (R_k − R_k−1) P_k over distinct scores, as scikit-learn has it; KS is max |TPR − FPR|. NaN where a set has
        only one class.
        """
        total, positive = self.cumulated(weights)
        return self.from_cumulated(total, positive, whole=whole)

    def cumulated(self, weights: Weights) -> tuple[Weights, Weights]:
        """Return the weight, and the weight of positives, down to each row of the ranking."""
        rows = weights[:, self.unit]
        total: Weights = np.cumsum(rows, axis=1, dtype=np.int32)
        np.multiply(rows, self.positive, out=rows)
        positive: Weights = np.cumsum(rows, axis=1, dtype=np.int32)
        return total, positive

    def from_cumulated(self, total: Weights, positive: Weights, *, whole: bool) -> Values:
        """Return the measures from cumulated weights."""
        if self.ends is not None:
            total, positive = total[:, self.ends], positive[:, self.ends]
        true = positive.astype(np.float64)
        false = (total - positive).astype(np.float64)
        positives, negatives = true[:, -1], false[:, -1]
        gained = np.diff(true, axis=1, prepend=0.0)
        # Each newly found positive lies above all negatives but those before it and half of those tied with it.
        beaten = np.einsum("ij,ij->i", gained, false)
        if self.ends is not None:
            beaten -= 0.5 * np.einsum("ij,ij->i", gained, np.diff(false, axis=1, prepend=0.0))
        with np.errstate(invalid="ignore", divide="ignore"):
            values: Values = {"auc": 1.0 - beaten / (positives * negatives)}
            if whole:
                precision = true / np.maximum(total, 1)
                both = np.where(negatives > 0, positives, np.nan)
                values["average_precision"] = np.einsum("ij,ij->i", gained, precision) / both
                apart = true / positives[:, None]
                apart -= false / negatives[:, None]
                values["ks"] = np.maximum(apart.max(axis=1), -apart.min(axis=1))
        return values
