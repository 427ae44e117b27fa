"""Answers come to a tier by a table: none is left open, none is lowered by hand, and worse answers never lower it."""

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.choices import Level
from registry.rules.tiers import (
    Questionnaire,
    answer_problems,
    assess,
    is_independent,
    lowers,
    problems,
    questionnaire_of,
)
from registry.selectors import PACKS, questionnaire
from tests.factories.registry import answers_at

DOCUMENT = json.loads((PACKS / "tiering_1.json").read_text())
RELEASED = {1: "b937d5de74bd249fb40643feed3242760a185c5d2577b9657ca054b86bda2328"}
"""A version that was ever asked never changes: what was answered to it must stay readable. Change it as the next."""
LEVELS = st.sampled_from(list(Level))
EXPECTED = {
    ("low", "low", "low"): 3,
    ("low", "low", "high"): 3,
    ("low", "medium", "medium"): 3,
    ("low", "medium", "high"): 2,
    ("low", "high", "low"): 2,
    ("medium", "low", "low"): 3,
    ("medium", "medium", "medium"): 2,
    ("medium", "medium", "high"): 1,
    ("medium", "high", "low"): 1,
    ("high", "low", "medium"): 2,
    ("high", "low", "high"): 1,
    ("high", "medium", "low"): 1,
    ("high", "high", "high"): 1,
}
"""Exposure, purpose, complexity; the rest lies between."""


def answers_to(levels: dict[str, Level]) -> dict[str, str]:
    """Return answers of these levels, by question."""
    questions = questionnaire().questions
    return {key: next(a.key for a in questions[key].answers if a.level == level) for key, level in levels.items()}


def with_changes(**changes: Any) -> Questionnaire:
    return questionnaire_of({**json.loads(json.dumps(DOCUMENT)), **changes})


@pytest.mark.parametrize("version", RELEASED)
def test_a_version_of_the_questionnaire_never_changes(version: int) -> None:
    assert questionnaire(version).digest == RELEASED[version]
    assert questionnaire(version).version == version


def test_every_version_of_the_questionnaire_is_known_here() -> None:
    assert {path.name for path in PACKS.glob("tiering_*.json")} == {f"tiering_{version}.json" for version in RELEASED}


@pytest.mark.parametrize(("place", "tier"), EXPECTED.items())
def test_levels_come_to_the_tier_of_the_table(place: tuple[str, str, str], tier: int) -> None:
    levels = dict(zip(("exposure", "purpose", "complexity"), map(Level, place), strict=True))
    answers = {
        question.key: next(a.key for a in question.answers if a.level == levels[axis.key])
        for axis in questionnaire().axes
        for question in axis.questions
    }
    found = assess(questionnaire(), answers)
    assert (found.tier, found.levels) == (tier, levels)


def test_every_question_has_an_answer_of_each_level() -> None:
    for question in questionnaire().questions.values():
        assert [answer.level for answer in question.answers] == list(Level), question.key


def test_one_high_answer_makes_its_axis_high() -> None:
    found = assess(questionnaire(), {**answers_at(Level.LOW), "loss": "large"})
    assert found.levels == {"exposure": Level.HIGH, "purpose": Level.LOW, "complexity": Level.LOW}


@given(st.fixed_dictionaries(dict.fromkeys(answers_at(Level.LOW), LEVELS)), st.data())
def test_a_higher_answer_never_lowers_the_tier(levels: dict[str, Level], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(levels)))
    higher = levels | {key: data.draw(st.sampled_from(list(Level)[list(Level).index(levels[key]) :]))}
    before, after = (assess(questionnaire(), answers_to(one)).tier for one in (levels, higher))
    assert after <= before


@given(st.sets(st.sampled_from(sorted(answers_at(Level.LOW))), min_size=1))
def test_what_is_left_open_or_not_known_is_refused_by_question(open_ones: set[str]) -> None:
    answers = {key: answer for key, answer in answers_at(Level.LOW).items() if key not in open_ones}
    assert set(answer_problems(questionnaire(), answers)) == open_ones
    assert set(answer_problems(questionnaire(), answers | dict.fromkeys(open_ones, "unknown"))) == open_ones


def test_an_answer_to_no_question_is_refused() -> None:
    assert set(answer_problems(questionnaire(), answers_at(Level.LOW) | {"mood": "good"})) == {"answers"}
    assert answer_problems(questionnaire(), answers_at(Level.LOW)) == {}
    with pytest.raises(ValueError, match="is not answered"):
        assess(questionnaire(), answers_at(Level.LOW) | {"loss": "unknown"})


@pytest.mark.parametrize(
    ("tier", "is_refused"), [(None, False), (1, False), (2, False), (3, True), (0, True), (4, True)]
)
def test_a_tier_by_hand_is_as_high_as_the_answers_or_higher(tier: int | None, is_refused: bool) -> None:  # noqa: FBT001
    found = problems(questionnaire(), answers=answers_at(Level.MEDIUM), rationale="So.", tier=tier)
    assert set(found) == ({"tier"} if is_refused else set())


def test_an_assessment_says_why() -> None:
    assert set(problems(questionnaire(), answers=answers_at(Level.LOW), rationale=" ", tier=None)) == {"rationale"}
    assert set(problems(questionnaire(), answers={}, rationale="So.", tier=2)) == set(answers_at(Level.LOW))


def test_lower_is_what_has_less_impact() -> None:
    assert [lowers(now=2, wanted=wanted) for wanted in (1, 2, 3)] == [False, False, True]


def test_an_independent_assessment_is_a_second_line_persons_without_a_hand_in_the_model() -> None:
    found = [
        (may, person, assessor)
        for may, person, assessor in product((True, False), (True, False), (1, 2))
        if is_independent(may_challenge=may, is_person=person, assessor=assessor, hands={1})
    ]
    assert found == [(True, True, 2)]


def test_a_questionnaire_that_can_not_be_used_is_a_defect() -> None:
    gap = json.loads(json.dumps(DOCUMENT["tiers"]))
    del gap["low"]["low"]["low"]
    falling = json.loads(json.dumps(DOCUMENT["tiers"]))
    falling["high"]["high"]["high"] = 2
    twice = [DOCUMENT["axes"][0], DOCUMENT["axes"][1], {**DOCUMENT["axes"][0], "key": "complexity"}]
    for changes, words in (
        ({"tiers": gap}, "a tier for each combination"),
        ({"tiers": falling}, "high/high/high has a lower tier"),
        ({"axes": DOCUMENT["axes"][:2]}, "its axes are not"),
        ({"axes": twice}, "the same key"),
    ):
        with pytest.raises(ValueError, match=words):
            with_changes(**changes)
