"""Validation plans and runs in a consistent state, without the ledger: for tests of what stands on them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import factory
import numpy as np
import pyarrow as pa

from monitoring.choices import CheckOutcome, ProfileState, RunState
from monitoring.models import (
    ColumnProfile,
    Measurement,
    SnapshotProfile,
    ValidationCheck,
    ValidationPlan,
    ValidationRun,
)
from monitoring.rules.claims import Claim
from monitoring.rules.outcomes import Check
from monitoring.rules.plans import default_plan
from monitoring.runners import validation
from monitoring.runners.held_out import HeldOut
from monitoring.runners.orders import ModelFile, ValidationOrder
from monitoring.runners.scoring import Column, HeldOutRows
from monitoring.runners.validation import ValidationResult
from monitoring.stats.cells import as_levels, count_levels, count_numbers, count_times
from monitoring.stats.labels import Labels
from monitoring.stats.profiles import (
    LevelLearner,
    NumberLearner,
    Profile,
    TimeLearner,
    level_profile,
    number_profile,
    time_profile,
)
from monitoring.stats.quality import ColumnQuality
from portal.core.canonical import digest_of
from portal.core.clock import now
from portal.core.progress import silent
from tests.factories.accounts import UserFactory
from tests.factories.registry import RegisteredModelFactory, SealedVersionFactory, SnapshotFactory

DAYS, ROWS = 40, 4_000
PLAN = replace(
    default_plan(task="binary", label_column="label", unit_column="day", slices=("carrier", "origin")), resamples=200
)


class ProfileFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A done profile of a ready snapshot, whose columns are numbers, but for dates; no job did it."""

    class Meta:
        model = SnapshotProfile

    snapshot = factory.SubFactory(SnapshotFactory)
    requested_by = "system"
    requested_at = factory.LazyFunction(now)

    @classmethod
    def _create(cls, model_class: type[SnapshotProfile], *args: Any, **columns: Any) -> SnapshotProfile:
        state = columns.pop("state", ProfileState.DONE)
        made: SnapshotProfile = super()._create(model_class, *args, state=ProfileState.RUNNING, **columns)
        if state == ProfileState.DONE:
            told = made.snapshot.columns
            ColumnProfile.objects.bulk_create(
                ColumnProfile(profile=made, position=position, name=one["name"], type=one["type"], **vars(found))
                for position, one in enumerate(told, start=1)
                for found in [profiled(one["type"])]
            )
            made.digest, made.finished_at = digest_of(told), now()
        made.state = state  # last: an ended profile takes no additions
        made.save()
        return made


@cache
def profiled(kind: str) -> Profile:
    """Return the profile of a column of this type, as the real engine makes it of simulated values."""
    rng = np.random.default_rng(11)
    if kind.startswith(("date", "timestamp")):
        times, grid = TimeLearner(), np.arange(0, 90, dtype=np.int64) * 86_400_000_000
        times.add(grid)
        return time_profile(times.learned(), count_times(grid, 0, times.learned()))
    if kind == "string":
        levels, values = LevelLearner(), as_levels(pa.array([f"level {n % 7 % 5}" for n in range(1_000)]))
        levels.add(values)
        known, told = levels.learned()
        return level_profile(known, count_levels(values, known), told)
    numbers, drawn = NumberLearner(), rng.normal(4_711.0, 3.0, 1_000)
    numbers.add(drawn)
    cells, learned = numbers.learned()
    return number_profile(cells, count_numbers(drawn, 20, cells), learned)


class PlanFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A plan for a binary model, on a ready snapshot of the model's own team."""

    class Meta:
        model = ValidationPlan

    model = factory.SubFactory(RegisteredModelFactory)
    number = factory.LazyAttribute(lambda plan: plan.model.validation_plans.count() + 1)
    held_out = factory.SubFactory(SnapshotFactory, dataset__team=factory.SelfAttribute("...model.team"), rows=ROWS)
    specification = factory.LazyFunction(PLAN.as_dict)
    digest = factory.LazyAttribute(
        lambda plan: digest_of({"held_out": plan.held_out.sha256, "specification": plan.specification})
    )
    created_by = factory.SubFactory(UserFactory)
    fixed_at = factory.LazyFunction(now)


class RunFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A queued run of a sealed version, without a job; `also_measured` and `also_checked` have what it found."""

    class Meta:
        model = ValidationRun

    version = factory.SubFactory(SealedVersionFactory)
    plan = factory.SubFactory(PlanFactory, model=factory.SelfAttribute("..version.model"))
    requested_by = "system"
    requested_at = factory.LazyFunction(now)

    @classmethod
    def _create(cls, model_class: type[ValidationRun], *args: Any, **columns: Any) -> ValidationRun:
        measured, checked = columns.pop("also_measured", ()), columns.pop("also_checked", ())
        state = columns.pop("state", RunState.QUEUED)
        run: ValidationRun = super()._create(model_class, *args, state=RunState.RUNNING, **columns)
        Measurement.objects.bulk_create(Measurement(run=run, **one) for one in measured)
        ValidationCheck.objects.bulk_create(
            ValidationCheck(run=run, position=position, **one) for position, one in enumerate(checked, start=1)
        )
        run.state = state  # last: an ended run takes no additions
        run.save(update_fields=["state"])
        return run


class FinishedRunFactory(RunFactory):
    """A finished run with results, measurements and checks, as the real engine makes them of simulated scores.

    It passed, unless `state` says otherwise. `values` replaces the candidate's numbers over all rows, {"auc": 0.6};
    `outcomes` replaces those of checks, {"comparison": CheckOutcome.FAILED}. With a `champion` there is a comparison.
    """

    state = RunState.PASSED
    started_at = factory.LazyFunction(now)
    finished_at = factory.LazyFunction(now)

    @classmethod
    def _create(cls, model_class: type[ValidationRun], *args: Any, **columns: Any) -> ValidationRun:
        result = simulated(has_champion=columns.get("champion") is not None)
        values: Mapping[str, float | None] = columns.pop("values", {})
        outcomes: Mapping[str, CheckOutcome] = columns.pop("outcomes", {})
        if columns.setdefault("results", _with_values(result.results or {}, values)) is not None:
            columns.setdefault("results_digest", digest_of(columns["results"]))
        measured = _measurements(result, values) if columns["results"] is not None else []
        columns["also_measured"] = [*measured, *columns.get("also_measured", ())]
        columns["also_checked"] = _checks(result.checks, outcomes)
        return super()._create(model_class, *args, **columns)


@cache
def simulated(*, has_champion: bool) -> ValidationResult:
    """Return the result of a run over simulated rows: a good candidate beside a weaker champion."""
    rng = np.random.default_rng(7)
    risk = rng.normal(-0.6, 1.0, ROWS)
    labels = (rng.random(ROWS) < 1 / (1 + np.exp(-risk))).astype(np.float64)
    candidate = 1 / (1 + np.exp(-(risk + rng.normal(0, 0.3, ROWS)) * 0.95))
    champion = 1 / (1 + np.exp(-(risk + rng.normal(0, 0.8, ROWS)) * 0.75))
    columns = {
        "label": Column("label", "number", labels, None),
        "day": Column("day", "codes", np.repeat(np.arange(DAYS), ROWS // DAYS), None),
        "carrier": Column("carrier", "codes", rng.integers(0, 3, ROWS), ("Aeolus", "Boreas", "Umbra")),
        "origin": Column("origin", "codes", rng.integers(0, 2, ROWS), ("EWR", "JFK")),
    }
    order = ValidationOrder(
        plan=PLAN,
        table="0" * 64,
        columns={},
        training_columns={},
        candidate=ModelFile("model v2", "1" * 64, "application/vnd.onnx", ()),
        champion=ModelFile("model v1", "2" * 64, "application/vnd.onnx", ()) if has_champion else None,
        claims=(Claim("auc", 0.72, 5_000, "3" * 64),),
    )
    known = Labels(labels, np.ones(ROWS, dtype=bool), "1")
    used = tuple(ColumnQuality(name, "double", ROWS, 0, 0, 0) for name in columns)
    data = HeldOut((), used, HeldOutRows(ROWS, columns, ()), known)
    figures = validation._figures(
        order, data, candidate=candidate, champion=champion if has_champion else None, progress=silent
    )
    made = [
        Check(key, CheckOutcome.PASSED, "read", "limit") for key in ("schema", "missing", "labels", "rows", "scores")
    ]
    made.append(Check("champion_scores", CheckOutcome.PASSED) if has_champion else validation.NO_CHAMPION)
    return validation._judged(order, data, checks=made, figures=figures, kind="probability")


def _with_values(results: Mapping[str, Any], values: Mapping[str, float | None]) -> dict[str, Any]:
    measurements = [
        {**one, "value": values[one["name"]]} if _is_replaced(one["subject"], one, values) else one
        for one in results["measurements"]
    ]
    return {**results, "measurements": measurements}


def _is_replaced(measured: str, one: Mapping[str, Any], values: Mapping[str, float | None]) -> bool:
    return measured == "candidate" and not one["slice_column"] and one["name"] in values


def _measurements(result: ValidationResult, values: Mapping[str, float | None]) -> list[dict[str, Any]]:
    rows = []
    for one in result.measurements:
        columns = dict(vars(one))
        if _is_replaced(one.measured, columns, values):
            columns["value"] = values[one.name]
        rows.append(columns)
    return rows


def _checks(checks: tuple[Check, ...], outcomes: Mapping[str, CheckOutcome]) -> list[dict[str, Any]]:
    return [
        {
            "key": check.key,
            "title": check.title,
            "outcome": outcomes.get(check.key, check.outcome),
            "read": check.read,
            "limit": check.limit,
            "message": check.message,
        }
        for check in checks
    ]
