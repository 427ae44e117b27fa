"""One part of the rows (all, or a segment) under the resamples: candidate, champion and their difference together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from monitoring.stats.arrays import Counts, Floats
from monitoring.stats.figures import Measurement, Subject
from monitoring.stats.ranking import Values, Weights
from monitoring.stats.resampling import Interval, interval


class Measures(Protocol):
    """A subject's scores, measurable under weights: BinaryMeasures, RegressionMeasures."""

    def measure(self, weights: Weights) -> Values:
        """Return each metric for each set of weights (sets by units)."""
        ...


@dataclass(frozen=True)
class Vocabulary:
    """What is measured and compared in a part, and why a metric may be undefined."""

    metrics: Sequence[str]
    compared: Sequence[str]
    undefined: Mapping[str, str]


@dataclass
class Part:
    """Rows that belong together: `own_units` are their units among all units of the run."""

    n: int
    unit: str
    own_units: Counts
    subjects: Mapping[Subject, Measures]
    vocabulary: Vocabulary
    column: str = ""
    level: str = ""
    _chunks: dict[Subject, list[Values]] = field(default_factory=dict)

    def add(self, weights: Weights) -> None:
        """Measure each subject under the same resamples, given for all units of the run."""
        own = weights if len(self.own_units) == weights.shape[1] else weights[:, self.own_units]
        for subject, measures in self.subjects.items():
            self._chunks.setdefault(subject, []).append(measures.measure(own))

    def measurements(self) -> tuple[Measurement, ...]:
        """Return every number of this part with its interval, or with the reason why there is none."""
        as_is: Weights = np.ones((1, len(self.own_units)), dtype=np.int32)
        points = {subject: measures.measure(as_is) for subject, measures in self.subjects.items()}
        found = [
            self._one(subject, name, float(point[name][0]), self._resampled(subject, name))
            for subject, point in points.items()
            for name in self.vocabulary.metrics
        ]
        if "champion" in points:
            for name in self.vocabulary.compared:
                difference = float(points["candidate"][name][0] - points["champion"][name][0])
                resampled = self._resampled("candidate", name) - self._resampled("champion", name)
                found.append(self._one("difference", name, difference, resampled))
        return tuple(found)

    def _resampled(self, subject: Subject, name: str) -> Floats:
        chunks = self._chunks.get(subject, [])
        return np.concatenate([chunk[name] for chunk in chunks]) if chunks else np.empty(0)

    def _one(self, subject: Subject, name: str, value: float, resampled: Floats) -> Measurement:
        defined = bool(np.isfinite(value))
        if defined:
            found = interval(resampled, len(self.own_units))
        else:
            found = Interval(None, None, None, self.vocabulary.undefined.get(name, "Undefined for these rows."))
        return Measurement(
            subject=subject,
            name=name,
            value=value if defined else None,
            lower=found.lower,
            upper=found.upper,
            standard_error=found.standard_error,
            n=self.n,
            unit=self.unit,
            n_units=len(self.own_units),
            slice_column=self.column,
            slice_level=self.level,
            reason=found.reason,
        )
