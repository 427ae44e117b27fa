from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from governance.choices import Outcome
from governance.rules.gates import CheckVerdict, GateCheck, RunTimes, applies, gate_outcome, judge

DAY = datetime(2026, 11, 1, tzinfo=UTC)
CHECK = GateCheck("auc", "validation.auc_lower > 0.6", (), published_at=DAY)
RUN = RunTimes(plan_fixed_at=DAY, started_at=DAY + timedelta(hours=1), finished_at=DAY + timedelta(hours=2))
GOOD = {"validation.auc_lower": 0.7, "version.sealed": True}


def judged(check: GateCheck = CHECK, run: RunTimes | None = RUN, days: int = 3) -> CheckVerdict:
    return judge(check, GOOD, run=run, at=DAY + timedelta(days=days), evidence_days=30)


def test_check_passes_on_a_run_that_started_after_it_was_published() -> None:
    assert judged().outcome == Outcome.PASSED


@pytest.mark.parametrize(
    ("check", "run", "days", "words"),
    [
        (replace(CHECK, published_at=DAY + timedelta(hours=3)), RUN, 3, "published after the validation run started"),
        (replace(CHECK, published_at=None), RUN, 3, "published after the validation run started"),
        (CHECK, replace(RUN, plan_fixed_at=DAY + timedelta(hours=3)), 3, "plan was fixed after the run started"),
        (CHECK, replace(RUN, started_at=None), 3, "not known when"),
        (CHECK, RUN, 40, "more than 30 days ago"),
    ],
)
def test_run_is_stale_that_came_before_check_or_plan_or_too_long_ago(
    check: GateCheck, run: RunTimes, days: int, words: str
) -> None:
    found = judged(check, run, days)
    assert found.outcome == Outcome.STALE
    assert words in found.message
    assert found.read == {"validation.auc_lower": 0.7}


def test_check_that_judges_no_run_is_never_stale() -> None:
    check = replace(CHECK, expression="version.sealed", published_at=DAY + timedelta(days=2))
    assert judged(check, RUN, 400).outcome == Outcome.PASSED


def test_expression_that_is_no_longer_valid_is_errored() -> None:
    assert judged(replace(CHECK, expression="version.gone")).outcome == Outcome.ERRORED


def test_check_is_for_the_tasks_it_names_or_for_all() -> None:
    assert applies(CHECK, "regression")
    assert applies(replace(CHECK, tasks=("binary",)), "binary")
    assert not applies(replace(CHECK, tasks=("binary",)), "regression")


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ([], Outcome.NO_DATA),
        ([Outcome.PASSED, Outcome.PASSED], Outcome.PASSED),
        ([Outcome.PASSED, Outcome.NO_DATA], Outcome.NO_DATA),
        ([Outcome.NO_DATA, Outcome.STALE, Outcome.PASSED], Outcome.STALE),
        ([Outcome.STALE, Outcome.FAILED], Outcome.FAILED),
        ([Outcome.FAILED, Outcome.ERRORED], Outcome.ERRORED),
    ],
)
def test_gate_passes_only_if_there_are_checks_and_all_pass(outcomes: list[Outcome], whole: Outcome) -> None:
    assert gate_outcome([CheckVerdict(str(n), one, {}) for n, one in enumerate(outcomes)]) == whole
