from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.choices import Line
from portal.core.clock import now
from registry.choices import FindingState, FindingVerb, Severity, Stage
from registry.rules.findings import (
    MOST_DAYS,
    Facts,
    Standing,
    comment_problems,
    due_problems,
    duty_problem,
    holder_problems,
    line_for,
    lowers,
    problems,
    severity_problems,
    state_problem,
    time_problems,
)
from registry.rules.stages import Candidate

FINDING = Facts(state="open", severity="medium", line="second", holder=1, remediators=frozenset({1}))
HOLDER = Standing(user_id=1, is_person=True, line="first", may_answer=True)
VALIDATOR = Standing(user_id=2, is_person=True, line="second", may_answer=True)
DEVELOPER = Standing(user_id=3, is_person=True, line="first", may_answer=True)
READER = Standing(user_id=4, is_person=True, line="", may_answer=False)


def may(verb: FindingVerb, who: Standing, facts: Facts = FINDING, *, lower: bool = False) -> bool:
    return duty_problem(verb, facts, who, lower=lower) == ""


@pytest.mark.parametrize(
    ("challenges", "raises", "is_person", "has_a_hand", "line"),
    [
        (True, True, True, False, "second"),
        (True, True, True, True, "first"),
        (True, False, True, True, "first"),
        (True, True, False, False, "first"),
        (False, True, True, False, "first"),
        (False, True, False, True, "first"),
        (False, False, True, False, ""),
    ],
)
def test_the_line_follows_from_the_role_and_from_what_one_did(
    *, challenges: bool, raises: bool, is_person: bool, has_a_hand: bool, line: str
) -> None:
    assert line_for(challenges=challenges, raises=raises, is_person=is_person, has_a_hand=has_a_hand) == line


@pytest.mark.parametrize(
    ("verb", "allowed"),
    [
        (FindingVerb.HAND_OVER, {"holder", "validator"}),
        (FindingVerb.START, {"holder"}),
        (FindingVerb.HAND_IN, {"holder"}),
        (FindingVerb.CLOSE, {"validator"}),
        (FindingVerb.SEND_BACK, {"validator"}),
        (FindingVerb.REOPEN, {"holder", "validator", "developer"}),
        (FindingVerb.CHANGE_SEVERITY, {"holder", "validator", "developer"}),
    ],
)
def test_each_verb_is_for_whom_it_is(verb: FindingVerb, allowed: set[str]) -> None:
    people = {"holder": HOLDER, "validator": VALIDATOR, "developer": DEVELOPER, "reader": READER}
    assert {name for name, who in people.items() if may(verb, who)} == allowed


def test_only_the_line_that_raised_it_lowers_the_severity() -> None:
    people = (HOLDER, VALIDATOR, DEVELOPER, READER)
    assert [may(FindingVerb.CHANGE_SEVERITY, who, lower=True) for who in people] == [False, True, False, False]


def test_who_holds_it_but_may_no_longer_answer_does_nothing_to_it() -> None:
    assert not may(FindingVerb.START, replace(HOLDER, may_answer=False))


def test_a_machine_judges_nothing() -> None:
    machine = replace(DEVELOPER, is_person=False)
    first = replace(FINDING, line="first")
    assert may(FindingVerb.CLOSE, DEVELOPER, first)
    assert not may(FindingVerb.CLOSE, machine, first)
    assert not may(FindingVerb.CHANGE_SEVERITY, machine, first, lower=True)


@given(
    verb=st.sampled_from([FindingVerb.CLOSE, FindingVerb.SEND_BACK, FindingVerb.CHANGE_SEVERITY]),
    line=st.sampled_from(Line.values),
    acts_for=st.sampled_from([*Line.values, ""]),
    remediators=st.frozensets(st.integers(1, 3)),
    user=st.integers(1, 3),
)
def test_nobody_judges_but_the_line_that_raised_it_and_never_a_remediator(
    verb: FindingVerb, line: str, acts_for: str, remediators: frozenset[int], user: int
) -> None:
    facts = Facts("ready_to_verify", "high", line, user, remediators)
    who = Standing(user, is_person=True, line=acts_for, may_answer=True)
    assert may(verb, who, facts, lower=True) == (user not in remediators and acts_for == line)


def test_severities_are_ordered() -> None:
    assert [lowers("medium", one) for one in Severity.values] == [False, False, True]
    assert not lowers("low", "low")
    assert not lowers("high", "dreadful")


def test_a_state_says_why_not_and_when() -> None:
    assert state_problem(FindingVerb.CLOSE, FindingState.READY_TO_VERIFY) == ""
    words = "The finding is closed; this is done to one that is open or reopened."
    assert state_problem(FindingVerb.START, FindingState.CLOSED) == words


def test_a_finding_says_what_where_and_how_much() -> None:
    good = {"title": "Too high", "description": "See the run.", "stage": Stage.TRAINING, "severity": Severity.LOW}
    assert problems(**good) == {}
    for name, value in {"title": " ", "description": "", "stage": "cooking", "severity": "dreadful"}.items():
        assert list(problems(**{**good, name: value})) == [name]
    assert list(problems(**{**good, "title": "x" * 201})) == ["title"]
    assert list(severity_problems("low", "low")) == ["severity"]


def test_what_judges_or_is_handed_in_says_why() -> None:
    silent = {FindingVerb.HAND_OVER, FindingVerb.START}
    for verb in set(FindingVerb) - {FindingVerb.RAISE}:
        assert (comment_problems(verb, " ") == {}) == (verb in silent), verb
        assert comment_problems(verb, "x" * 20_001), verb


def test_who_holds_a_finding_is_a_person_who_may_read_and_answer() -> None:
    fit = Candidate(1, is_person=True, is_active=True, sees_model=True)
    assert holder_problems(None, may_answer=False) == {}
    assert holder_problems(fit, may_answer=True) == {}
    for unfit in (replace(fit, is_person=False), replace(fit, is_active=False), replace(fit, sees_model=False)):
        assert list(holder_problems(unfit, may_answer=True)) == ["holder"]
    assert "only reads" in holder_problems(fit, may_answer=False)["holder"][0]


def test_a_due_time_lies_ahead_within_three_years() -> None:
    at = now()
    assert due_problems(None, at) == due_problems(at + timedelta(days=MOST_DAYS), at) == {}
    assert due_problems(at, at) == {"due": ["It lies in the past."]}
    assert list(due_problems(at + timedelta(days=MOST_DAYS + 1), at)) == ["due"]


def test_only_the_line_that_raised_it_gives_more_time() -> None:
    at = now()
    later = at + timedelta(days=1)
    assert time_problems(at, later, raising=True) == time_problems(None, later, raising=False) == {}
    assert time_problems(later, at, raising=False) == {}
    assert list(time_problems(at, later, raising=False)) == list(time_problems(at, None, raising=False)) == ["due"]
