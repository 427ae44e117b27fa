"""Decisions about use cases, as pure values."""

import pytest

from registry.choices import UseCaseState, UseCaseVerdict
from registry.rules.use_cases import (
    VERBS,
    UseCaseText,
    duty_problem,
    link_problem,
    problems,
    rationale_problems,
    retirement_problem,
    verdict_problem,
)

TEXT = UseCaseText.of(name=" Calls ", purpose="Call.", affected_persons="Customers.", decision="Whom.")


def test_a_use_case_says_everything_and_people_answer_for_it() -> None:
    assert TEXT.name == "Calls"
    assert problems(TEXT, owner_answers=True, sponsor_answers=True) == {}
    empty = UseCaseText("", " ", "", "")
    found = problems(empty, owner_answers=False, sponsor_answers=False)
    assert set(found) == {"name", "purpose", "affected_persons", "decision", "owner", "sponsor"}


def test_every_verdict_has_its_verb() -> None:
    assert set(VERBS) == set(UseCaseVerdict.values)


def test_only_an_approval_may_go_without_a_rationale() -> None:
    assert rationale_problems("approve", "") == {}
    assert set(rationale_problems("approve", "\0")) == {"rationale"}
    for verdict in ("reject", "not_a_model"):
        assert set(rationale_problems(verdict, " ")) == {"rationale"}
        assert rationale_problems(verdict, "A rule does it.") == {}
    assert set(rationale_problems("bless", "Why not.")) == {"verdict"}


def test_who_had_a_hand_in_it_may_reject_it_and_no_more() -> None:
    assert duty_problem("reject", 1, [1]) is None
    assert duty_problem("approve", 2, [1]) is None
    for verdict in ("approve", "not_a_model"):
        assert "somebody else decides" in str(duty_problem(verdict, 1, [1, 2]))


@pytest.mark.parametrize("state", UseCaseState.values)
def test_a_use_case_is_decided_once(state: str) -> None:
    for verdict in UseCaseVerdict.values:
        assert (verdict_problem(verdict, state, []) is None) == (state in {"proposed", "tiered"})


def test_what_has_models_can_not_be_said_to_need_none() -> None:
    assert "limits, calls" in str(verdict_problem("not_a_model", "proposed", ["limits", "calls"]))
    assert verdict_problem("reject", "proposed", ["limits"]) is None


def test_only_what_was_approved_and_decides_nothing_now_is_retired() -> None:
    assert retirement_problem("approved_for_development") is None
    assert "live decisions" in str(retirement_problem("in_use"))
    assert "It is proposed" in str(retirement_problem("proposed"))


def test_models_belong_to_use_cases_of_their_team_that_are_not_over() -> None:
    assert link_problem("proposed", same_team=True) is None
    assert link_problem("in_use", same_team=True) is None
    assert "different teams" in str(link_problem("proposed", same_team=False))
    for state in ("rejected", "retired"):
        assert "takes no models" in str(link_problem(state, same_team=True))
