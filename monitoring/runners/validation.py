"""One whole validation run: held-out rows and model files in, measurements, checks and the outcome out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.choices import CheckOutcome, Measured, RunState
from monitoring.rules import outcomes
from monitoring.rules.claims import judge_claims
from monitoring.rules.comparisons import compare_all
from monitoring.rules.outcomes import Check, RunOutcome
from monitoring.runners import scoring
from monitoring.runners.held_out import HeldOut, Unusable, read_held_out, slice_of_column
from monitoring.runners.orders import ModelFile, ValidationOrder
from monitoring.runners.scoring import ScoringEnded
from monitoring.stats.arrays import AnyArray, NotMeasurable
from monitoring.stats.figures import ValidationFigures
from monitoring.stats.validation import measure_binary, measure_regression
from portal.blobs import store
from portal.core.progress import Progress, silent
from portal.core.sandbox import Limits
from registry.rules.kinds import MEDIA_TYPES, SCORED, STORED_MEDIA_TYPES

FORMATS: Mapping[str, str] = {MEDIA_TYPES[kind]: kind for kind in SCORED}
DATA_STOPS = "The held-out rows did not pass."
SCORES_STOP = "There are no usable scores."
FIGURES_STOP = "Nothing could be measured."
NEVER_OPENED = "Its model file is stored and never opened: needs ONNX or blind scoring."
NO_CHAMPION = Check("champion_scores", CheckOutcome.SKIPPED, message="No sealed version is in production.")


@dataclass(frozen=True)
class MeasuredNumber:
    """One number as it is kept; of data, `slice_column` is the column that it describes."""

    measured: Measured
    name: str
    value: float | None
    n: int
    lower: float | None = None
    upper: float | None = None
    slice_column: str = ""
    slice_level: str = ""
    unit: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ValidationResult:
    """What a run found; `results` is plain JSON, None where the run ended before anything was measured."""

    outcome: RunOutcome
    checks: tuple[Check, ...]
    measurements: tuple[MeasuredNumber, ...]
    results: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class _Scored:
    """What came of scoring one model: `scores` are there only where the check passed."""

    check: Check
    scores: AnyArray | None = None
    kind: str = ""
    timed_out: bool = False


def run(order: ValidationOrder, *, limits: Limits = scoring.LIMITS, progress: Progress = silent) -> ValidationResult:
    """Validate the candidate by the plan, beside the champion on the same rows.

    Whatever rows and models do ends in a result, and one that is not passed. Raises CageUnavailable, what the store
    raises for missing or damaged bytes, and what `progress` raises.
    """
    data = read_held_out(order, limits=limits, progress=progress)
    if isinstance(data, Unusable):
        return _ended(data, data.checks, DATA_STOPS, timed_out=data.timed_out)
    candidate = _score(order, order.candidate, data, key="scores", limits=limits, progress=progress)
    checks = [*data.checks, candidate.check]
    if candidate.scores is None:
        return _ended(data, checks, SCORES_STOP, timed_out=candidate.timed_out)
    champion = _Scored(NO_CHAMPION)
    if order.champion is not None:
        champion = _score(order, order.champion, data, key="champion_scores", limits=limits, progress=progress)
    checks.append(champion.check)
    try:
        figures = _figures(order, data, candidate=candidate.scores, champion=champion.scores, progress=progress)
    except NotMeasurable as reason:
        return _ended(data, [*checks, Check("metrics", CheckOutcome.ERRORED, message=str(reason))], FIGURES_STOP)
    return _judged(order, data, checks=checks, figures=figures, kind=candidate.kind)


def _score(
    order: ValidationOrder, model: ModelFile, data: HeldOut, *, key: str, limits: Limits, progress: Progress
) -> _Scored:
    """Score every held-out row with one model, after its bytes were checked against their digest."""
    whose = "Candidate" if key == "scores" else "Production"
    progress(0, 0, f"{whose}: scoring")  # a quick model says nothing itself
    with store.open_verified(model.sha256):
        pass
    if model.media_type in STORED_MEDIA_TYPES:
        return _Scored(Check(key, CheckOutcome.ERRORED, message=NEVER_OPENED))
    if model.media_type not in FORMATS:
        message = f"Models in files of type “{model.media_type}” can't be scored."
        return _Scored(Check(key, CheckOutcome.ERRORED, message=message))
    try:
        found = scoring.score(
            model=store.path_of(model.sha256),
            model_format=FORMATS[model.media_type],
            table=store.path_of(order.table),
            task=order.plan.task,
            features=model.features,
            positive=order.plan.positive_label,
            limits=limits,
            progress=lambda done, total, message: progress(done, total, f"{whose}: {message.lower() or 'scoring'}"),
        )
    except ScoringEnded as ended:
        return _Scored(Check(key, CheckOutcome.ERRORED, message=order.told(ended.message)), timed_out=ended.timed_out)
    check = outcomes.scores_check(found.values, rows=data.rows.rows, task=order.plan.task, key=key)
    if check.outcome is not CheckOutcome.PASSED:
        return _Scored(check)
    return _Scored(check, found.values[data.labels.known], found.kind)


def _figures(
    order: ValidationOrder,
    data: HeldOut,
    *,
    candidate: AnyArray,
    champion: AnyArray | None,
    progress: Progress,
) -> ValidationFigures:
    """Measure the scores of the rows with a label; raises NotMeasurable."""
    plan, columns, labels = order.plan, data.rows.columns, data.labels
    shared: dict[str, Any] = {
        "labels": labels.values,
        "candidate_scores": candidate,
        "champion_scores": champion,
        "slices": {name: slice_of_column(columns[name], labels.known) for name in plan.slices},
        "units": columns[plan.unit_column].values[labels.known] if plan.unit_column else None,
        "unit_name": plan.unit_column or "",
        "resamples": plan.resamples,
        "minimum_segment_rows": plan.minimum_segment_rows,
        "rng": np.random.default_rng(plan.seed),
        "progress": progress,
    }
    if plan.task == "regression":
        return measure_regression(**shared)
    threshold = 0.5 if plan.threshold is None else plan.threshold
    return measure_binary(**shared, threshold=threshold, minimum_segment_events=plan.minimum_segment_events)


def _judged(
    order: ValidationOrder,
    data: HeldOut,
    *,
    checks: Sequence[Check],
    figures: ValidationFigures,
    kind: str,
) -> ValidationResult:
    """Judge the figures by the plan; the same inputs give the same results, byte for byte."""
    plan, has_champion = order.plan, order.champion is not None
    comparisons = compare_all(figures.differences, plan.margins) if has_champion else ()
    claims = judge_claims(claims=order.claims, measured=figures.measurements, snapshot=order.table)
    made = outcomes.complete(
        [
            *checks,
            outcomes.metrics_check(figures, plan),
            outcomes.comparison_check(comparisons, has_champion=has_champion),
            outcomes.claims_check(claims),
            outcomes.segments_check(figures, plan),
        ],
        FIGURES_STOP,
    )
    notes = [*figures.notes, *(["the model gives labels, not probabilities"] if kind == "label" else [])]
    results = {
        **figures.as_dict(),
        "notes": notes,
        "seed": plan.seed,
        "held_out": order.table,
        "positive": data.labels.positive,
        "versions": {
            "candidate": order.candidate.name,
            "champion": order.champion.name if order.champion is not None else None,
        },
        "comparison": [one.as_dict() for one in comparisons],
        "claims": [one.as_dict() for one in claims],
    }
    numbers = (*_data_numbers(data), *_figure_numbers(figures))
    return ValidationResult(outcomes.run_outcome(made), made, numbers, results)


def _ended(
    data: HeldOut | Unusable, checks: Sequence[Check], cause: str, *, timed_out: bool = False
) -> ValidationResult:
    """Return the result of a run that could not go on: what was not checked is skipped, with the cause."""
    made = outcomes.complete(checks, cause)
    outcome = outcomes.run_outcome(checks, must_pass=())
    if timed_out:
        outcome = RunOutcome(RunState.TIMED_OUT, outcome.reasons)
    elif not outcome.reasons:
        outcome = RunOutcome(RunState.ERRORED, (cause,))
    return ValidationResult(outcome, made, tuple(_data_numbers(data)))


def _data_numbers(data: HeldOut | Unusable) -> list[MeasuredNumber]:
    return [
        MeasuredNumber(
            Measured.DATA, "missing_share", column.missing_share, column.rows, slice_column=column.name, unit="row"
        )
        for column in data.used
    ]


def _figure_numbers(figures: ValidationFigures) -> list[MeasuredNumber]:
    return [
        MeasuredNumber(
            measured=Measured(one.subject),
            name=one.name,
            value=one.value,
            n=one.n,
            lower=one.lower,
            upper=one.upper,
            slice_column=one.slice_column,
            slice_level=one.slice_level,
            unit=one.unit,
            reason=one.reason,
        )
        for one in figures.measurements
    ]
