"""What a chart shows, said once; `plotly` draws it in a page, `svg` on paper, `table` lists the numbers behind it."""

import math
from dataclasses import dataclass
from itertools import chain
from typing import Literal

Kind = Literal["line", "step", "bar", "scatter", "intervals", "histogram", "reliability"]
Role = Literal["candidate", "production", "other"]
Format = Literal["number", "percent", "count", "text"]
Position = float | str


@dataclass(frozen=True)
class Axis:
    """One axis. `title` carries the unit; `start` and `end` are in the unit of the values (None: from the data).

    `format` says how values are written: percent means shares of 1. `ticks` are (position, text); none means automatic.
    """

    title: str
    format: Format = "number"
    start: float | None = None
    end: float | None = None
    ticks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Series:
    """One line, set of points or bars. `y` may hold None where there is no data, which is drawn as a gap.

    - line, step, scatter, reliability: `x` numbers, `y` values
    - bar: `x` names, `y` values
    - intervals: `x` names of the rows, `y` values, drawn horizontally
    - histogram: `x` the edges (one more than `y`), `y` shares
    `low` and `high` are the ends of the interval of each `y`.
    """

    name: str
    x: tuple[Position, ...]
    y: tuple[float | None, ...]
    role: Role = "candidate"
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    n: tuple[int | None, ...] = ()

    def __post_init__(self) -> None:
        """Refuse series whose parts do not fit, and numbers that are none."""
        for name, values in (("low", self.low), ("high", self.high), ("n", self.n)):
            if values and len(values) != len(self.y):
                raise ValueError(f"{self.name}: {len(values)} {name} for {len(self.y)} values")
        if bool(self.low) != bool(self.high):
            raise ValueError(f"{self.name}: an interval has two ends")
        for value in chain(self.x, self.y, self.low, self.high):
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{self.name}: {value} cannot be drawn; say None where there is no data")


@dataclass(frozen=True)
class Threshold:
    """A limit of the values: drawn dashed and labelled; `fails` tints the side that does not pass."""

    value: float
    label: str
    severity: Literal["fail", "warn"] = "fail"
    fails: Literal["below", "above"] | None = None

    @property
    def label_end(self) -> Literal["left", "right"]:
        """Which end of the label touches an upright line: the text stands on the side that fails, clear of others."""
        return "right" if self.fails == "below" else "left"


@dataclass(frozen=True)
class Band:
    """A stretch of the x axis that means something, such as "no labels yet"."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Mark:
    """One point with words, such as the threshold chosen."""

    x: float
    y: float
    label: str
    role: Role = "candidate"


@dataclass(frozen=True)
class ChartSpecification:
    """A chart. `key` is unique in its page and fit for an id; `description` is the whole text alternative."""

    key: str
    kind: Kind
    title: str
    description: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    thresholds: tuple[Threshold, ...] = ()
    bands: tuple[Band, ...] = ()
    marks: tuple[Mark, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a chart that says nothing, or whose series do not fit its kind."""
        if not self.description:
            raise ValueError(f"{self.key}: a chart needs its text alternative")
        extra = 1 if self.kind == "histogram" else 0
        for series in self.series:
            if len(series.x) != len(series.y) + extra:
                raise ValueError(f"{self.key}, {series.name}: {len(series.x)} x for {len(series.y)} y")
