"""What a validation plan says: what is measured, on which rows, against which limits; fixed before any run."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from monitoring.rules.comparisons import HIGHER_IS_BETTER
from monitoring.stats import binary, regression

METRICS: Mapping[str, tuple[str, ...]] = {"binary": binary.METRICS, "regression": regression.METRICS}
DEFAULT_MARGINS: Mapping[str, Mapping[str, float]] = {
    "binary": {"auc": 0.01, "log_loss": 0.01},
    # The only regression measure without a unit, so the only one with a margin that fits every label.
    "regression": {"r2": 0.01},
}
RESAMPLES = (200, 20_000)
LARGEST = 1 << 53
"""Beyond it JSON does not keep whole numbers."""
NAME = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}")
"""As columns and levels are named in inspected tables."""
TYPES: Mapping[str, tuple[type, ...]] = {
    "task": (str,),
    "label_column": (str,),
    "positive_label": (str, type(None)),
    "threshold": (int, float, type(None)),
    "unit_column": (str, type(None)),
    "slices": (list, tuple),
    "metrics": (list, tuple),
    "margins": (dict,),
    "resamples": (int,),
    "seed": (int,),
    "minimum_rows": (int,),
    "minimum_events": (int,),
    "minimum_segment_rows": (int,),
    "minimum_segment_events": (int,),
    "maximum_missing_share": (int, float),
}


@dataclass(frozen=True)
class PlanSpecification:
    """A plan's content. Counts are rows; `margins` says by metric how much worse than production is acceptable.

    `unit_column` is what is drawn as a whole in resampling (None: rows assumed independent). `minimum_events` counts
    rows of the rarer outcome. `maximum_missing_share` holds for each feature, the label and the unit, from 0 to 1.
    """

    task: str
    label_column: str
    positive_label: str | None = None
    threshold: float | None = None
    unit_column: str | None = None
    slices: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    margins: Mapping[str, float] = field(default_factory=dict)
    resamples: int = 2_000
    seed: int = 1
    minimum_rows: int = 1_000
    minimum_events: int = 100
    minimum_segment_rows: int = 400
    minimum_segment_events: int = 30
    maximum_missing_share: float = 0.05

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        plain = asdict(self)
        return {**plain, "slices": list(self.slices), "metrics": list(self.metrics), "margins": dict(self.margins)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the specification of `data`; raises ValueError with everything that `problems` finds."""
        found = problems(data)
        if found:
            raise ValueError(" ".join(found))
        margins = {name: float(value) for name, value in data.get("margins", {}).items()}
        lists = {name: tuple(data[name]) for name in ("slices", "metrics") if name in data}
        return cls(**{**data, **lists, "margins": margins})


def default_plan(
    *,
    task: str,
    label_column: str,
    positive_label: str | None = None,
    unit_column: str | None = None,
    slices: tuple[str, ...] = (),
) -> PlanSpecification:
    """Return the plan that a task starts with; raises ValueError for a task that can't be validated yet."""
    if task not in METRICS:
        raise ValueError(_unsupported(task))
    return PlanSpecification(
        task=task,
        label_column=label_column,
        positive_label=positive_label,
        threshold=0.5 if task == "binary" else None,
        unit_column=unit_column,
        slices=slices,
        metrics=METRICS[task],
        margins=dict(DEFAULT_MARGINS[task]),
    )


def completed(data: Mapping[str, Any], *, task: str) -> dict[str, Any]:
    """Return `data` with the defaults of the model's task where it says nothing; nothing is checked yet."""
    if task not in METRICS:
        return {"task": task, **data}
    defaults = default_plan(task=task, label_column="").as_dict()
    del defaults["label_column"]
    return {**defaults, **data}


def problems(data: Mapping[str, Any], *, task: str | None = None) -> list[str]:
    """Return what is wrong with a plan given as JSON, one plain sentence each; empty when it can be fixed.

    `task` is the model's, which must be the plan's, too.
    """
    if task is not None and data.get("task") != task:
        return [f"The model's task is “{task}”; its plan can't say “{data.get('task')}”."]
    names = {one.name for one in fields(PlanSpecification)}
    wrong = [f"The plan knows no field “{name}”." for name in data if name not in names]
    wrong += [f"“{name}” is missing." for name in ("task", "label_column") if name not in data]
    wrong += [
        f"“{name}” has the wrong type, or is too long or too large."
        for name, value in data.items()
        if name in TYPES and not _fits(name, value)
    ]
    return wrong or [*_task_problems(data), *_column_problems(data), *_number_problems(data)]


def _fits(name: str, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, TYPES[name]):
        return False
    if isinstance(value, list | tuple):
        return all(_is_name(one) for one in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_number(one) for key, one in value.items())
    if isinstance(value, str):
        return not value or _is_name(value)
    return value is None or _is_number(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    # A whole number may be too long for a float: compared, not converted.
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST < value < LARGEST


def _task_problems(data: Mapping[str, Any]) -> Iterator[str]:
    task = data["task"]
    if task not in METRICS:
        yield _unsupported(task)
        return
    for name in data.get("metrics", ()):
        if name not in METRICS[task]:
            yield f"“{name}” is not measured for {task}."
    for name, margin in data.get("margins", {}).items():
        if name not in METRICS[task] or name not in HIGHER_IS_BETTER:
            yield f"“{name}” can't have a margin for {task}."
        if margin < 0:
            yield f"The margin of “{name}” is below 0."
    threshold = data.get("threshold")
    if task == "binary" and (threshold is None or not 0 <= threshold <= 1):
        yield "A binary plan needs a threshold from 0 to 1."
    if task == "regression" and threshold is not None:
        yield "A regression plan has no threshold."


def _column_problems(data: Mapping[str, Any]) -> Iterator[str]:
    label, unit, slices = data["label_column"], data.get("unit_column"), data.get("slices", ())
    if not label:
        yield "The plan names no label column."
    if unit is not None and not unit:
        yield "The unit column has no name; leave it out where rows are independent."
    if unit == label:
        yield "The label can't be the resampling unit."
    if label in slices:
        yield "The label can't be a slice."
    if len(set(slices)) != len(slices):
        yield "A slice is named twice."


def _number_problems(data: Mapping[str, Any]) -> Iterator[str]:
    low, high = RESAMPLES
    if not low <= data.get("resamples", low) <= high:
        yield f"Resamples lie between {low} and {high}."
    if data.get("seed", 0) < 0:
        yield "The seed is below 0."
    for name in ("minimum_rows", "minimum_events", "minimum_segment_rows", "minimum_segment_events"):
        if data.get(name, 1) < 1:
            yield f"“{name}” is at least 1."
    if not 0 <= data.get("maximum_missing_share", 0) <= 1:
        yield "“maximum_missing_share” lies between 0 and 1."


def _unsupported(task: str) -> str:
    return f"Models for the task “{task}” can't be validated yet; {' and '.join(METRICS)} can."
