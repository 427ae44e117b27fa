"""Calibration slope and intercept: logistic recalibration of the outcome on the scores' log odds, by Newton's method.

Cox (1958); Van Calster et al. (2019), "Calibration: the Achilles heel of predictive analytics". The slope is b of
logit P(y=1) = a + b·logit(p), 1 when calibrated (below 1: scores too extreme). The intercept is a with b held at 1:
0 when calibrated (above 0: scores too low), in log odds.
"""

import numpy as np

from monitoring.stats.arrays import Counts, Floats, equal_mass_edges
from monitoring.stats.ranking import Values, Weights

CLOSEST = 1e-6
"""Scores are kept this far from 0 and 1, where log odds are infinite."""
CELLS = 1_000
STEPS = 50
TOLERANCE = 1e-10
STEEPEST = 1e3
"""Beyond this the classes are separable, and no finite slope fits."""


def log_odds(scores: Floats) -> Floats:
    """Return ln(p / (1 − p)) with p kept within [1e-6, 1 − 1e-6]."""
    kept = np.clip(scores, CLOSEST, 1 - CLOSEST)
    odds: Floats = np.log(kept) - np.log1p(-kept)
    return odds


class Recalibration:
    """Rows sorted by score in cells of equal size and one predictor each; up to `cells` rows this is exact."""

    def __init__(self, ranked_scores: Floats, *, cells: int = CELLS) -> None:
        predictor = log_odds(ranked_scores)
        edges: Counts = equal_mass_edges(len(predictor), cells)
        self.ends = edges[1:] - 1
        self.predictor: Floats = np.add.reduceat(predictor, edges[:-1]) / np.diff(edges)

    def measure(self, total: Weights, positive: Weights) -> Values:
        """Return slope and intercept for each set of cumulated weights (`RankCurve.cumulated`)."""
        return fit(
            self.predictor,
            np.diff(total[:, self.ends], axis=1, prepend=0).astype(np.float64),
            np.diff(positive[:, self.ends], axis=1, prepend=0).astype(np.float64),
        )


def fit(predictor: Floats, trials: Floats, events: Floats) -> Values:
    """Return slope and intercept per row of `trials` and `events` (sets by cells); NaN where none fits."""
    return {
        "calibration_slope": _slope(predictor, trials, events),
        "calibration_intercept": _intercept(predictor, trials, events),
    }


def _slope(predictor: Floats, trials: Floats, events: Floats) -> Floats:
    sets = len(trials)
    spread = float(predictor.std())
    if spread == 0:
        return np.full(sets, np.nan)
    # A standardised predictor keeps the 2x2 system well conditioned.
    x = (predictor - predictor.mean()) / spread
    share = events.sum(axis=1) / np.maximum(trials.sum(axis=1), 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        constant = np.log(share / (1 - share))
        slope = np.zeros(sets)
        moved = np.full(sets, np.inf)
        for _ in range(STEPS):
            fitted = 1 / (1 + np.exp(-(constant[:, None] + slope[:, None] * x)))
            residual = events - trials * fitted
            weight = trials * fitted * (1 - fitted)
            gradient, gradient_x = residual.sum(axis=1), residual @ x
            h, h_x, h_xx = weight.sum(axis=1), weight @ x, weight @ (x * x)
            determinant = h * h_xx - h_x * h_x
            step = (h_xx * gradient - h_x * gradient_x) / determinant
            step_x = (h * gradient_x - h_x * gradient) / determinant
            longest = np.maximum(np.abs(step), np.abs(step_x))
            shorter = np.where(longest > 2, 2 / longest, 1.0)  # noqa: PLR2004 - damped where Newton would overshoot
            constant, slope, moved = constant + shorter * step, slope + shorter * step_x, longest
            if not (moved > TOLERANCE).any():
                break
        found: Floats = np.where((moved <= TOLERANCE) & (np.abs(slope / spread) < STEEPEST), slope / spread, np.nan)
    return found


def _intercept(predictor: Floats, trials: Floats, events: Floats) -> Floats:
    constant, moved = np.zeros(len(trials)), np.full(len(trials), np.inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(STEPS):
            fitted = 1 / (1 + np.exp(-(constant[:, None] + predictor)))
            step = (events - trials * fitted).sum(axis=1) / (trials * fitted * (1 - fitted)).sum(axis=1)
            moved = np.abs(step)
            constant = constant + np.clip(step, -2, 2)
            if not (moved > TOLERANCE).any():
                break
        one_class = (events.sum(axis=1) == 0) | (events.sum(axis=1) == trials.sum(axis=1))
        found: Floats = np.where((moved <= TOLERANCE) & ~one_class, constant, np.nan)
    return found
