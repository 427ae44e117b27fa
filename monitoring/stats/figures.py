"""What a validation measured: frozen, free of NaN, to and from JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

Subject = Literal["candidate", "champion", "difference"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)


class _Record:
    """A dataclass of plain values that JSON can hold."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the record that `as_dict` wrote; lists become tuples. Raises TypeError for missing fields."""
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})

    def __post_init__(self) -> None:
        """Refuse numbers that are none: an undefined value is None with a reason."""
        for one in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            value = getattr(self, one.name)
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, float) and not math.isfinite(number):
                    raise ValueError(f"{type(self).__name__}.{one.name} is {number}; say None and why.")


@dataclass(frozen=True)
class Measurement(_Record):
    """One number. `subject` difference is candidate minus champion on the same rows and the same resamples.

    `lower` and `upper` are the 2.5 and 97.5 % bootstrap quantiles over `n_units` units named `unit`, and
    `standard_error` the resamples' standard deviation. `reason` says why value or interval is missing.
    """

    subject: Subject
    name: str
    value: float | None
    lower: float | None
    upper: float | None
    standard_error: float | None
    n: int
    unit: str
    n_units: int
    slice_column: str = ""
    slice_level: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ReliabilityGroup(_Record):
    """Rows of neighbouring scores: mean prediction and mean outcome with its interval."""

    n: int
    lowest: float
    highest: float
    predicted: float
    observed: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class ReliabilityTable:
    """Ten groups of equal size by rising score."""

    subject: Subject
    groups: tuple[ReliabilityGroup, ...]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the table that `as_dict` wrote."""
        return cls(data["subject"], tuple(ReliabilityGroup.from_dict(group) for group in data["groups"]))


@dataclass(frozen=True)
class ScoreHistogram(_Record):
    """Counts of rows by score; `edges` has one more entry. For regression `positives` is empty."""

    subject: Subject
    edges: tuple[float, ...]
    negatives: tuple[int, ...]
    positives: tuple[int, ...]


@dataclass(frozen=True)
class CalibrationError(_Record):
    """Expected calibration error beside what perfectly calibrated scores would show on as many rows.

    `bins` is equal_width or equal_mass; `expected` and `upper` are the mean and 97.5 % quantile under perfect
    calibration (independent rows); `share_as_large` is how often that gives at least `value`.
    """

    subject: Subject
    bins: str
    value: float
    expected: float
    upper: float
    share_as_large: float


@dataclass(frozen=True)
class BrierParts(_Record):
    """Murphy's decomposition over ten groups of equal size.

    brier = reliability − resolution + uncertainty + within; `within` is what varies inside the groups.
    """

    subject: Subject
    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


@dataclass(frozen=True)
class Segment(_Record):
    """One level of a declared slice; its numbers are the measurements with the same column and level.

    `events` is None for regression. Not assessed: `reason` says why.
    """

    column: str
    level: str
    n: int
    events: int | None
    n_units: int
    assessed: bool
    reason: str = ""


@dataclass(frozen=True)
class ValidationFigures:
    """All that one validation run measured; `unit` is row where rows are assumed independent."""

    task: str
    n: int
    events: int | None
    unit: str
    n_units: int
    resamples: int
    threshold: float | None
    notes: tuple[str, ...]
    measurements: tuple[Measurement, ...]
    segments: tuple[Segment, ...]
    reliability: tuple[ReliabilityTable, ...]
    histograms: tuple[ScoreHistogram, ...]
    calibration_errors: tuple[CalibrationError, ...]
    brier_parts: tuple[BrierParts, ...]

    def find(self, name: str, subject: Subject = "candidate", column: str = "", level: str = "") -> Measurement | None:
        """Return one measurement, or None where it was not made."""
        wanted = (subject, name, column, level)
        for one in self.measurements:
            if (one.subject, one.name, one.slice_column, one.slice_level) == wanted:
                return one
        return None

    @property
    def differences(self) -> tuple[Measurement, ...]:
        """Candidate minus champion over all rows."""
        return tuple(one for one in self.measurements if one.subject == "difference" and not one.slice_column)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values; holds no NaN."""
        plain: dict[str, Any] = _lists(asdict(self))
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the figures that `as_dict` wrote. Raises TypeError or KeyError where something is missing."""
        parts: dict[str, Any] = {
            name: tuple(kind.from_dict(one) for one in data[name])  # type: ignore[attr-defined]  # all have from_dict
            for name, kind in {
                "measurements": Measurement,
                "segments": Segment,
                "reliability": ReliabilityTable,
                "histograms": ScoreHistogram,
                "calibration_errors": CalibrationError,
                "brier_parts": BrierParts,
            }.items()
        }
        return cls(**{**data, "notes": tuple(data["notes"]), **parts})


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(one) for one in value]
    return value
