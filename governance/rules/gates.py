"""What a gate comes to: every check that applies must pass, and a gate without checks is not passed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.choices import Outcome
from governance.rules.expressions import ExpressionInvalid, compiled, evaluate


@dataclass(frozen=True)
class GateCheck:
    """A check as the gate judges it; `published_at` is when it was first published with this expression."""

    key: str
    expression: str
    tasks: tuple[str, ...]
    published_at: datetime | None


@dataclass(frozen=True)
class RunTimes:
    """When the run that is judged started and finished, and when its plan was fixed."""

    plan_fixed_at: datetime
    started_at: datetime | None
    finished_at: datetime


@dataclass(frozen=True)
class CheckVerdict:
    """What one check came to, with the values it read."""

    key: str
    outcome: Outcome
    read: Mapping[str, object]
    message: str = ""


WORST_FIRST = (Outcome.ERRORED, Outcome.FAILED, Outcome.STALE, Outcome.NO_DATA)


def applies(check: GateCheck, task: str) -> bool:
    """Whether the check is for models of this task; one that names no task is for all."""
    return not check.tasks or task in check.tasks


def judge(
    check: GateCheck,
    values: Mapping[str, object],
    *,
    run: RunTimes | None,
    at: datetime,
    evidence_days: int,
) -> CheckVerdict:
    """Return what the check comes to; what judges a run is stale where the run came too early or too long ago."""
    try:
        expression = compiled(check.expression)
    except ExpressionInvalid as error:  # published by an older release of the portal
        return CheckVerdict(check.key, Outcome.ERRORED, {}, str(error))
    evaluation = evaluate(expression, values)
    if run is not None and any(variable.judges_run for variable in expression.reads):
        late = stale_because(check, run, at=at, evidence_days=evidence_days)
        if late:
            return CheckVerdict(check.key, Outcome.STALE, evaluation.read, late)
    return CheckVerdict(check.key, evaluation.outcome, evaluation.read, evaluation.message)


def stale_because(check: GateCheck, run: RunTimes, *, at: datetime, evidence_days: int) -> str:
    """Return why the run is no evidence for the check (invariant 17, and the policy's age limit); empty if it is."""
    if run.started_at is None:
        return "It is not known when the validation run started."
    if check.published_at is None or check.published_at > run.started_at:
        return "The check was published after the validation run started; request a new run."
    if run.plan_fixed_at > run.started_at:
        return "The validation plan was fixed after the run started; request a new run."
    if at - run.finished_at > timedelta(days=evidence_days):
        return f"The validation run finished more than {evidence_days} days ago; request a new run."
    return ""


def gate_outcome(verdicts: Sequence[CheckVerdict]) -> Outcome:
    """Return passed where there are checks and each passed; else the worst of what they came to."""
    found = {verdict.outcome for verdict in verdicts}
    if found == {Outcome.PASSED}:
        return Outcome.PASSED
    return next((outcome for outcome in WORST_FIRST if outcome in found), Outcome.NO_DATA)
