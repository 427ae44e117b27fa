"""How far scores can be read as probabilities: reliability groups, calibration error, Murphy's decomposition."""

import math
from dataclasses import dataclass

import numpy as np

from monitoring.stats.arrays import Counts, Floats, equal_mass_edges
from monitoring.stats.figures import BrierParts, CalibrationError, ReliabilityGroup, ReliabilityTable, Subject
from monitoring.stats.ranking import Weights
from monitoring.stats.resampling import interval

GROUPS = 10
NULL_DRAWS = 500
Z = 1.959963984540054


@dataclass(frozen=True)
class Groups:
    """Rows in groups of neighbouring scores: `index` is each row's group."""

    index: Counts
    n: Counts
    predicted: Floats
    observed: Floats
    """Means of scores and labels by group."""
    lowest: Floats
    highest: Floats


def equal_mass(labels: Floats, scores: Floats) -> Groups:
    """Return ten groups of as equal size as can be, by rising score; ties keep their order."""
    order = np.argsort(scores, kind="stable")
    edges = equal_mass_edges(len(scores), GROUPS)
    index = np.empty(len(scores), dtype=np.int64)
    index[order] = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    return _grouped(index, labels, scores)


def equal_width(labels: Floats, scores: Floats) -> Groups:
    """Return up to ten groups of scores 0.1 wide (the first closed at 0); empty ones are left out."""
    cells = np.clip(np.ceil(scores * GROUPS).astype(np.int64) - 1, 0, GROUPS - 1)
    _, index = np.unique(cells, return_inverse=True)
    return _grouped(index.astype(np.int64), labels, scores)


def _grouped(index: Counts, labels: Floats, scores: Floats) -> Groups:
    n = np.bincount(index)
    order = np.argsort(index, kind="stable")
    starts = np.concatenate([[0], np.cumsum(n)[:-1]])
    return Groups(
        index=index,
        n=n,
        predicted=np.bincount(index, weights=scores) / n,
        observed=np.bincount(index, weights=labels) / n,
        lowest=np.minimum.reduceat(scores[order], starts),
        highest=np.maximum.reduceat(scores[order], starts),
    )


def calibration_errors(
    *, subject: Subject, labels: Floats, scores: Floats, rng: np.random.Generator
) -> tuple[CalibrationError, ...]:
    """Return the expected calibration error Σ n_g/n · |observed − predicted| for both kinds of bins.

    It has no honest interval near 0, so it stands beside its distribution when outcomes are drawn from the scores.
    """
    kinds = {"equal_width": equal_width(labels, scores), "equal_mass": equal_mass(labels, scores)}
    null: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(NULL_DRAWS):
        drawn = (rng.random(len(scores)) < scores).astype(np.float64)
        for kind, groups in kinds.items():
            null[kind].append(_error(groups, np.bincount(groups.index, weights=drawn) / groups.n))
    errors = []
    for kind, groups in kinds.items():
        value = _error(groups, groups.observed)
        draws = np.array(null[kind])
        errors.append(
            CalibrationError(
                subject=subject,
                bins=kind,
                value=value,
                expected=float(draws.mean()),
                upper=float(np.quantile(draws, 0.975)),
                share_as_large=float((draws >= value).mean()),
            )
        )
    return tuple(errors)


def _error(groups: Groups, observed: Floats) -> float:
    return float((groups.n * np.abs(observed - groups.predicted)).sum() / groups.n.sum())


def brier_parts(*, subject: Subject, labels: Floats, scores: Floats) -> BrierParts:
    """Return Murphy's (1973) parts of the Brier score over ten groups of equal size."""
    groups = equal_mass(labels, scores)
    share = groups.n / groups.n.sum()
    base = float(labels.mean())
    brier = float(((scores - labels) ** 2).mean())
    reliability = float((share * (groups.predicted - groups.observed) ** 2).sum())
    resolution = float((share * (groups.observed - base) ** 2).sum())
    uncertainty = base * (1 - base)
    return BrierParts(
        subject, brier, reliability, resolution, uncertainty, brier - reliability + resolution - uncertainty
    )


class Reliability:
    """The ten groups of one subject, and their observed means under many sets of weights."""

    def __init__(self, *, labels: Floats, scores: Floats, unit: Counts, units: int) -> None:
        self.groups = equal_mass(labels, scores)
        self.binary = bool(((labels == 0) | (labels == 1)).all())
        count = len(self.groups.n)
        cell = unit * count + self.groups.index
        self.n = np.bincount(cell, minlength=units * count).reshape(units, count).astype(np.float64)
        self.sums = np.bincount(cell, weights=labels, minlength=units * count).reshape(units, count)
        self.resampled: list[Floats] = []
        self.units = (self.n > 0).sum(axis=0)

    def add(self, weights: Weights) -> None:
        """Take in the observed means of some resamples."""
        drawn = weights.astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.resampled.append((drawn @ self.sums) / (drawn @ self.n))

    def table(self, subject: Subject) -> ReliabilityTable:
        """Return the groups with intervals; a share of 0 or 1 has Wilson's (1927) score interval."""
        resampled = np.concatenate(self.resampled) if self.resampled else np.empty((0, len(self.groups.n)))
        rows = []
        for one, n in enumerate(self.groups.n.tolist()):
            observed = float(self.groups.observed[one])
            if self.binary and observed in {0.0, 1.0}:
                lower, upper = wilson(observed, n)
            else:
                found = interval(resampled[:, one], int(self.units[one]))
                lower, upper = found.lower, found.upper
            ends = float(self.groups.lowest[one]), float(self.groups.highest[one])
            rows.append(ReliabilityGroup(n, *ends, float(self.groups.predicted[one]), observed, lower, upper))
        return ReliabilityTable(subject, tuple(rows))


def wilson(share: float, n: int) -> tuple[float | None, float | None]:
    """Return the 95 % score interval of a share of n independent rows."""
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    # The share lies inside; at 0 and 1 rounding would put it outside by a hair.
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))
