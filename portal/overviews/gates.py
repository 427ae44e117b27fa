"""A gate evaluation as a table: each check with the values read, its limit, and what it came to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from governance.choices import Outcome
from governance.models import CheckResult, GateEvaluation
from portal.charts.numbers import NO_DATA, count, significant

GOES = frozenset({Outcome.PASSED})


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
class GateTable:
    """An evaluation with its checks, those that stop first; `stops` holds their titles."""

    evaluation: GateEvaluation
    lines: Sequence[GateLine]

    @property
    def stops(self) -> list[GateLine]:
        """Return the checks that are not passed."""
        return [line for line in self.lines if not line.passed]

    @property
    def passed_count(self) -> int:
        """Return how many checks passed."""
        return len(self.lines) - len(self.stops)


def gate_table(evaluation: GateEvaluation | None) -> GateTable | None:
    """Return the evaluation's table, or None where nothing was evaluated."""
    if evaluation is None:
        return None
    lines = [gate_line(result) for result in evaluation.results.select_related("check_row")]
    return GateTable(evaluation, sorted(lines, key=lambda line: line.passed))


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
