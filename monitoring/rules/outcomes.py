"""What a validation run comes to: checks of data, scores and figures, and the state that follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitoring.choices import CheckOutcome, RunState
from monitoring.rules.claims import REFUTED, ClaimResult, ClaimVerdict
from monitoring.rules.comparisons import Comparison, Verdict
from monitoring.rules.measures import measure_named
from monitoring.rules.plans import PlanSpecification
from monitoring.stats.arrays import AnyArray
from monitoring.stats.figures import ValidationFigures
from monitoring.stats.quality import TableQuality, schema_difference
from portal.charts.numbers import count, percent

TITLES: Mapping[str, str] = {
    "schema": "Columns and types",
    "missing": "Missing values",
    "labels": "Labels",
    "rows": "Rows and events",
    "scores": "Scores",
    "champion_scores": "Scores of production",
    "metrics": "Metrics",
    "comparison": "Compared with production",
    "claims": "Claimed metrics",
    "segments": "Segments",
}
"""Every check of a run in order."""
NAMED = 5


@dataclass(frozen=True)
class Check:
    """One check: what was read, what the limit was, and in words why it did not pass."""

    key: str
    outcome: CheckOutcome
    read: str = ""
    limit: str = ""
    message: str = ""

    @property
    def title(self) -> str:
        """Its name for people."""
        return TITLES[self.key]


@dataclass(frozen=True)
class RunOutcome:
    """The state that a run ends in, and why; `reasons` is empty only when it passed."""

    state: RunState
    reasons: tuple[str, ...]


def schema_check(expected: Mapping[str, str], quality: TableQuality) -> Check:
    """Require every expected column with its kind of type; further columns are allowed and counted."""
    difference = schema_difference(expected, quality)
    wrong = [f"“{name}” is missing" for name in difference.missing]
    wrong += [f"“{name}” is {found}, not {wanted}" for name, wanted, found in difference.wrong]
    read = f"{count(len(quality.columns))} columns, {count(len(difference.extra))} of them not used"
    return _check("schema", not wrong, read, f"{len(expected)} expected columns", _sentence(wrong))


def missing_check(columns: Sequence[str], quality: TableQuality, plan: PlanSpecification) -> Check:
    """Require that no used column has more null, NaN or infinite rows than the plan's share."""
    found = {name: quality.column(name) for name in columns}
    shares = {name: 1.0 if column is None else column.missing_share for name, column in found.items()}
    over = {name: share for name, share in shares.items() if share > plan.maximum_missing_share}
    highest = max(shares.values(), default=1.0)
    message = _sentence([f"“{name}” lacks {percent(share)} of its rows" for name, share in over.items()])
    return _check(
        "missing",
        bool(shares) and not over,
        f"at most {percent(highest)}",
        f"≤ {percent(plan.maximum_missing_share)}",
        message,
    )


def labels_check(*, rows: int, missing: int, plan: PlanSpecification) -> Check:
    """Require labels for all rows but the plan's missing share."""
    share = missing / rows if rows else 1.0
    message = "" if share <= plan.maximum_missing_share else f"{count(missing)} of {count(rows)} rows have no label."
    return _check(
        "labels",
        not message,
        f"{count(rows - missing)} of {count(rows)}",
        f"≥ {percent(1 - plan.maximum_missing_share)}",
        message,
    )


def rows_check(*, rows: int, rarer: int | None, plan: PlanSpecification) -> Check:
    """Require enough labelled rows and, where there are outcomes, enough of the rarer one."""
    wrong = [f"{count(rows)} labelled rows; {count(plan.minimum_rows)} are needed"] if rows < plan.minimum_rows else []
    if rarer is not None and rarer < plan.minimum_events:
        wrong.append(f"{count(rarer)} rows of the rarer outcome; {count(plan.minimum_events)} are needed")
    read = f"{count(rows)} rows" + ("" if rarer is None else f", {count(rarer)} of the rarer outcome")
    limit = f"≥ {count(plan.minimum_rows)} rows" + ("" if rarer is None else f", ≥ {count(plan.minimum_events)} events")
    return _check("rows", not wrong, read, limit, _sentence(wrong))


def scores_check(scores: AnyArray, *, rows: int, task: str, key: str = "scores") -> Check:
    """Require one finite score for each row, and for probabilities one from 0 to 1; any other is counted."""
    if scores.shape != (rows,):
        return _check(
            key, False, f"shape {scores.shape}", f"{count(rows)} scores", "There is not one score for each row."
        )
    usable = np.isfinite(scores)
    nan, infinite = int(np.isnan(scores).sum()), int(np.isinf(scores).sum())
    outside = int(((scores[usable] < 0) | (scores[usable] > 1)).sum()) if task == "binary" else 0
    unusable = ((nan, "NaN"), (infinite, "infinite"), (outside, "outside 0 to 1"))
    wrong = [f"{count(found)} of {count(rows)} scores are {what}" for found, what in unusable if found]
    limit = "finite, 0 to 1" if task == "binary" else "finite"
    read = f"{count(rows - nan - infinite - outside)} of {count(rows)} usable"
    return _check(key, rows > 0 and not wrong, read, limit, _sentence(wrong) or ("" if rows else "There are no rows."))


def metrics_check(figures: ValidationFigures, plan: PlanSpecification) -> Check:
    """Require a value and an interval for every metric of the plan."""
    lacking = []
    for name in plan.metrics:
        found = figures.find(name)
        if found is None or found.value is None or found.lower is None:
            lacking.append(
                f"{measure_named(name).word}: {found.reason if found is not None else 'it was not measured'}".rstrip(
                    "."
                )
            )
    read = f"{len(plan.metrics) - len(lacking)} of {len(plan.metrics)}"
    if not plan.metrics:
        return Check("metrics", CheckOutcome.NO_DATA, read, "", "The plan names no metrics.")
    outcome = CheckOutcome.NO_DATA if lacking else CheckOutcome.PASSED
    return Check("metrics", outcome, read, "each with an interval", _sentence(lacking))


def comparison_check(comparisons: Sequence[Comparison], *, has_champion: bool) -> Check:
    """Require better or not worse for each metric with a margin; skipped where there is nothing to compare."""
    if not has_champion:
        return Check("comparison", CheckOutcome.SKIPPED, message="No sealed version is in production.")
    if not comparisons:
        return Check("comparison", CheckOutcome.SKIPPED, message="The plan declares no margins.")
    short = [one for one in comparisons if not one.holds]
    outcome = CheckOutcome.PASSED
    if any(one.verdict is Verdict.WORSE for one in short):
        outcome = CheckOutcome.FAILED
    elif short:
        outcome = CheckOutcome.NO_DATA
    read = "; ".join(f"{measure_named(one.metric).word} {one.verdict}" for one in comparisons)
    limit = "; ".join(
        f"{measure_named(one.metric).word} within {one.margin:g}" for one in comparisons if one.margin is not None
    )
    message = " ".join(f"{measure_named(one.metric).title}: {one.reason}" for one in short)
    return Check("comparison", outcome, read[:300], limit[:300], message)


def claims_check(results: Sequence[ClaimResult]) -> Check:
    """Require that no claim is refuted; skipped, with the cause, where none is comparable."""
    if not results:
        return Check("claims", CheckOutcome.SKIPPED, message="Nothing was claimed.")
    refuted = [one for one in results if one.verdict in REFUTED]
    open_ones = [one for one in results if one.verdict is ClaimVerdict.NOT_COMPARABLE]
    words = " ".join(f"{measure_named(one.claim.metric).title}: {one.reason}" for one in [*refuted, *open_ones])
    read = f"{len(results) - len(refuted) - len(open_ones)} of {len(results)} hold, {len(open_ones)} not comparable"
    if refuted:
        return Check("claims", CheckOutcome.FAILED, read, "none refuted", words)
    outcome = CheckOutcome.SKIPPED if len(open_ones) == len(results) else CheckOutcome.PASSED
    return Check("claims", outcome, read, "none refuted", words)


def segments_check(figures: ValidationFigures, plan: PlanSpecification) -> Check:
    """Require at least one assessed level in each declared slice; levels not assessed are counted."""
    if not plan.slices:
        return Check("segments", CheckOutcome.SKIPPED, message="The plan declares no slices.")
    assessed = [segment for segment in figures.segments if segment.assessed]
    bare = [name for name in plan.slices if name not in {segment.column for segment in assessed}]
    message = _sentence([f"no level of “{name}” has enough rows" for name in bare])
    outcome = CheckOutcome.NO_DATA if bare else CheckOutcome.PASSED
    read = f"{count(len(assessed))} of {count(len(figures.segments))} levels assessed"
    return Check("segments", outcome, read, f"≥ {count(plan.minimum_segment_rows)} rows a level", message)


def complete(checks: Sequence[Check], cause: str) -> tuple[Check, ...]:
    """Return every check of a run in order; one that was not made is skipped with its cause."""
    made = {check.key: check for check in checks}
    return tuple(made.get(key, Check(key, CheckOutcome.SKIPPED, message=cause)) for key in TITLES)


def run_outcome(checks: Sequence[Check], *, must_pass: Sequence[str] = ("schema", "scores", "metrics")) -> RunOutcome:
    """Return the run's state: errored if a check is, failed if one failed or has no data, passed otherwise.

    Checks in `must_pass` may not be skipped or absent either: a run that looked at nothing has not passed.
    """
    made = {check.key: check for check in checks}
    reasons = [
        f"{check.title}: {check.message or check.outcome.label.lower()}"
        for check in checks
        if check.outcome not in {CheckOutcome.PASSED, CheckOutcome.SKIPPED}
    ]
    reasons += [
        f"{TITLES[key]}: not checked."
        for key in must_pass
        if key not in made or made[key].outcome is CheckOutcome.SKIPPED
    ]
    if any(check.outcome is CheckOutcome.ERRORED for check in checks):
        return RunOutcome(RunState.ERRORED, tuple(reasons))
    return RunOutcome(RunState.FAILED if reasons else RunState.PASSED, tuple(reasons))


def _check(key: str, passed: bool, read: str, limit: str, message: str) -> Check:  # noqa: FBT001
    return Check(key, CheckOutcome.PASSED if passed else CheckOutcome.FAILED, read, limit, message)


def _sentence(parts: Sequence[str]) -> str:
    """Return the first few parts as one sentence; says how many more there are."""
    if not parts:
        return ""
    more = f", and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
    text = ", ".join(parts[:NAMED]) + more
    return f"{text[0].upper()}{text[1:]}."
