"""Reads the held-out rows of a run and checks them: columns, missing values, labels, how many rows there are."""

from dataclasses import dataclass

import numpy as np

from monitoring.choices import CheckOutcome
from monitoring.rules import outcomes
from monitoring.rules.features import expected_columns
from monitoring.rules.outcomes import Check
from monitoring.rules.plans import PlanSpecification
from monitoring.runners import scoring
from monitoring.runners.orders import ValidationOrder
from monitoring.runners.scoring import Column, HeldOutRows, ScoringEnded
from monitoring.stats.arrays import Flags, NotMeasurable
from monitoring.stats.labels import Labels, binary_labels, number_labels
from monitoring.stats.quality import ColumnQuality, TableQuality
from monitoring.stats.segments import Slice, slice_of
from portal.blobs import store
from portal.core.progress import Progress
from portal.core.sandbox import Limits

KINDS = {"time": "times", "codes": "text", "number": "numbers"}


@dataclass(frozen=True)
class HeldOut:
    """Rows that passed every check, and their labels; `used` is the quality of each column that the run reads."""

    checks: tuple[Check, ...]
    used: tuple[ColumnQuality, ...]
    rows: HeldOutRows
    labels: Labels


@dataclass(frozen=True)
class Unusable:
    """Rows with which a run can't go on; the checks say why."""

    checks: tuple[Check, ...]
    used: tuple[ColumnQuality, ...] = ()
    timed_out: bool = False


def read_held_out(order: ValidationOrder, *, limits: Limits, progress: Progress) -> HeldOut | Unusable:
    """Read label, unit and slices in the cage, after the bytes were checked against their digest.

    Raises CageUnavailable, what the store raises for missing or damaged bytes, and what `progress` raises.
    """
    plan = order.plan
    with store.open_verified(order.table):
        pass
    units = [plan.unit_column] if plan.unit_column in order.columns else []
    columns = [name for name in (plan.label_column, *plan.slices) if name in order.columns and name not in units]
    try:
        rows = scoring.read_columns(
            table=store.path_of(order.table),
            columns=columns,
            units=[name for name in units if name is not None],
            limits=limits,
            progress=progress,
        )
    except ScoringEnded as ended:
        broken = Check("schema", CheckOutcome.ERRORED, message=order.told(ended.message))
        return Unusable((broken,), timed_out=ended.timed_out)
    return check_rows(order, rows)


def slice_of_column(column: Column, known: Flags) -> Slice:
    """Return a declared slice of the rows with a label: levels, bands of numbers, or months."""
    values = column.values[known]
    if column.kind == "codes":
        return Slice(values, column.levels or ())
    if column.kind == "number":
        return slice_of(values)
    months = values.view("datetime64[us]").astype("datetime64[M]")
    missing = np.isnat(months)
    distinct, own = np.unique(months[~missing], return_inverse=True)
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[~missing] = own
    return Slice(codes, tuple(str(month) for month in distinct))


def check_rows(order: ValidationOrder, rows: HeldOutRows) -> HeldOut | Unusable:
    """Check rows that were read: columns, missing values, labels, how many rows there are."""
    plan, quality = order.plan, _quality(rows)
    others = [plan.label_column, *([plan.unit_column] if plan.unit_column else []), *plan.slices]
    expected = expected_columns(
        features=order.candidate.features,
        others=others,
        trained_on=order.training_columns,
        found={column.name: column.type for column in quality.columns},
    )
    schema = outcomes.schema_check(expected, quality)
    if schema.outcome is not CheckOutcome.PASSED:
        return Unusable((schema,))
    must_be_there = [name for name in expected if name not in plan.slices or name in order.candidate.features]
    missing = outcomes.missing_check(must_be_there, quality, plan)
    used = tuple(column for column in quality.columns if column.name in expected)
    try:
        labels = _labels(rows.columns[plan.label_column], plan)
    except NotMeasurable as reason:
        unreadable = Check("labels", CheckOutcome.FAILED, message=str(reason))
        return Unusable((schema, missing, unreadable), used)
    known = outcomes.labels_check(rows=rows.rows, missing=labels.missing, plan=plan)
    enough = outcomes.rows_check(rows=len(labels.values), rarer=_rarer(labels, plan), plan=plan)
    checks = (schema, missing, known, enough)
    if any(check.outcome is not CheckOutcome.PASSED for check in checks):
        return Unusable(checks, used)
    return HeldOut(checks, used, rows, labels)


def _labels(column: Column, plan: PlanSpecification) -> Labels:
    if column.kind == "time" or (plan.task == "regression" and column.kind == "codes"):
        raise NotMeasurable(f"labels: “{column.name}” holds {KINDS[column.kind]}, which are no {plan.task} labels.")
    if plan.task == "regression":
        return number_labels(column.values)
    return binary_labels(column.values, column.levels, plan.positive_label)


def _rarer(labels: Labels, plan: PlanSpecification) -> int | None:
    if plan.task != "binary":
        return None
    events = int(labels.values.sum())
    return min(events, len(labels.values) - events)


def _quality(rows: HeldOutRows) -> TableQuality:
    columns = [ColumnQuality(one.name, one.type, rows.rows, one.nulls, one.nan, one.infinite) for one in rows.quality]
    return TableQuality(rows.rows, tuple(columns))
