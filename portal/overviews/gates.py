"""A gate evaluation as a table: each check with the values read, its limit, and what it came to."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from governance.choices import Outcome
from governance.models import ApprovalRequest, CheckResult, GateEvaluation
from governance.selectors.gates import Evidence
from governance.selectors.standing import standing_of
from portal.charts.numbers import NO_DATA, count, significant
from registry.choices import FindingVerb
from registry.models import Finding, FindingMove

GOES = frozenset({Outcome.PASSED})
WEIGHED = (FindingVerb.RAISE, FindingVerb.CLOSE, FindingVerb.REOPEN, FindingVerb.CHANGE_SEVERITY)
"""What is done to a finding that gates read."""
SHOWN = 10


@dataclass(frozen=True)
class ReadValue:
    """A variable that a check's expression names, with the value read, in words and exactly."""

    name: str
    shown: str
    exact: str


@dataclass(frozen=True)
class GateLine:
    """One check of one evaluation; `message` says what to do where it did not pass."""

    key: str
    title: str
    severity: str
    outcome: str
    passed: bool
    read: Sequence[ReadValue]
    limit: str
    message: str
    expression: str

    @property
    def words(self) -> str:
        """Return the outcome as a part of a sentence."""
        return Outcome(self.outcome).label.lower()


@dataclass(frozen=True)
class ChangedReading:
    """A value that the gate read and that is another now, in words."""

    name: str
    before: str
    now: str


@dataclass(frozen=True)
class GateSince:
    """What changed since a gate was evaluated: moves of findings, values, and the checks that would stop now."""

    findings: Sequence[FindingMove]
    changed: Sequence[ChangedReading]
    stops: Sequence[str]
    address: str
    """Of the version's page, where the gate is evaluated again."""


@dataclass(frozen=True)
class GateTable:
    """An evaluation with its checks, those that stop first; `since` says what changed after it, None for nothing."""

    evaluation: GateEvaluation
    lines: Sequence[GateLine]
    since: GateSince | None = None

    @property
    def stops(self) -> list[GateLine]:
        """Return the checks that are not passed."""
        return [line for line in self.lines if not line.passed]

    @property
    def passed_count(self) -> int:
        """Return how many checks passed."""
        return len(self.lines) - len(self.stops)


def gate_table(evaluation: GateEvaluation | None, evidence: Evidence, *, over: bool = False) -> GateTable | None:
    """Return the evaluation's table, with what the evidence of now says otherwise; None where nothing was evaluated.

    Where what it let through is `over`, it is a record of that time, and nothing is said of what changed since.
    """
    if evaluation is None:
        return None
    lines = [gate_line(result) for result in evaluation.results.select_related("check_row")]
    since = None if over else gate_since(evaluation, evidence, {line.key for line in lines if line.passed})
    return GateTable(evaluation, sorted(lines, key=lambda line: line.passed), since)


def gate_of_request(request: ApprovalRequest, evidence: Evidence) -> GateTable | None:
    """Return the gate on which the request rests; a record where its release ended."""
    return gate_table(request.evaluation, evidence, over=request.release.ended_at is not None)


def gate_since(evaluation: GateEvaluation, evidence: Evidence, passed: Collection[str]) -> GateSince | None:
    """Return what changed since the evaluation; None where reading everything again now would say the same.

    `passed` holds the keys of the checks that passed then.
    """
    standing = standing_of(evaluation, evidence)
    if not standing.changed and standing.outcome == evaluation.outcome:
        return None
    findings = Finding.objects.about(standing.version).order_by()
    moves = FindingMove.objects.filter(finding__in=findings, at__gt=evaluation.evaluated_at, verb__in=WEIGHED)
    return GateSince(
        findings=list(moves.select_related("finding__model")[:SHOWN]),
        changed=[ChangedReading(one.name, said(one.before), said(one.now)) for one in standing.changed],
        stops=[
            f"“{check.title}” ({verdict.outcome.label.lower()})"
            for check, verdict in standing.stops
            if check.key in passed
        ],
        address=standing.version.get_absolute_url(),
    )


def gate_line(result: CheckResult) -> GateLine:
    """Return one check with what it read."""
    check = result.check_row
    return GateLine(
        key=check.key,
        title=check.title,
        severity=check.severity,
        outcome=result.outcome,
        passed=result.outcome in GOES,
        read=[ReadValue(name, said(value), str(value)) for name, value in sorted(result.read.items())],
        limit=check.limit,
        message=result.message,
        expression=check.expression,
    )


def said(value: Any) -> str:
    """Return a value of the environment as a person reads it; what is missing is "no data"."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NO_DATA
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return significant(value)
    if isinstance(value, list | tuple):
        return ", ".join(said(one) for one in value) or "none"
    return str(value) or "none"
