"""Which tier a model's exposure, purpose and complexity come to, and what an assessment does to the tier it has."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from portal.core.canonical import digest_of
from registry.choices import Level
from registry.rules.values import text_problems

AXES = ("exposure", "purpose", "complexity")
HIGHEST, LOWEST = 1, 3
"""Tier 1 is the highest impact; *raising* goes towards it."""


@dataclass(frozen=True)
class Answer:
    """One answer that can be chosen, and the level that it stands for."""

    key: str
    text: str
    level: Level


@dataclass(frozen=True)
class Question:
    """One question, with the answers from which one is chosen."""

    key: str
    text: str
    answers: tuple[Answer, ...]

    def chosen(self, key: str) -> Answer | None:
        """Return the answer of this key; None where the question has no such answer."""
        return next((answer for answer in self.answers if answer.key == key), None)


@dataclass(frozen=True)
class Axis:
    """One of exposure, purpose and complexity, with the questions that tell its level."""

    key: str
    title: str
    meaning: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Questionnaire:
    """A version of the questionnaire: its questions, and the table from levels to a tier; `digest` is over both."""

    slug: str
    version: int
    title: str
    axes: tuple[Axis, ...]
    tiers: Mapping[tuple[Level, Level, Level], int]
    digest: str

    @property
    def questions(self) -> dict[str, Question]:
        """Return every question by its key, in order."""
        return {question.key: question for axis in self.axes for question in axis.questions}


@dataclass(frozen=True)
class Assessed:
    """What answers come to: a level on each axis, and the tier that the table has for them."""

    levels: Mapping[str, Level]
    tier: int


def questionnaire_of(document: Mapping[str, Any]) -> Questionnaire:
    """Return the questionnaire that a document describes; raises ValueError for one that could not be used."""
    axes = tuple(_axis(axis) for axis in document["axes"])
    tiers = {
        (Level(exposure), Level(purpose), Level(complexity)): tier
        for exposure, by_purpose in document["tiers"].items()
        for purpose, by_complexity in by_purpose.items()
        for complexity, tier in by_complexity.items()
    }
    found = Questionnaire(
        document["slug"], document["version"], document["title"], axes, tiers, digest_of(dict(document))
    )
    if wrong := list(_defects(found)):
        raise ValueError(f"This questionnaire can't be used: {'; '.join(wrong)}.")
    return found


def answer_problems(questionnaire: Questionnaire, answers: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what is wrong with answers, by question: nothing is left open, for silence is no lower tier."""
    questions = questionnaire.questions
    problems = {
        key: [f"Choose one of {', '.join(answer.key for answer in question.answers)}."]
        for key, question in questions.items()
        if question.chosen(answers.get(key, "")) is None
    }
    unknown = answers.keys() - questions.keys()
    return problems | ({"answers": [f"Answer {', '.join(questions)}, and nothing else."]} if unknown else {})


def assess(questionnaire: Questionnaire, answers: Mapping[str, str]) -> Assessed:
    """Return what complete answers come to: an axis is as high as its highest answer."""
    levels = {axis.key: max((_level(question, answers) for question in axis.questions), key=_rank)
              for axis in questionnaire.axes}  # fmt: skip
    return Assessed(levels, questionnaire.tiers[levels["exposure"], levels["purpose"], levels["complexity"]])


def problems(
    questionnaire: Questionnaire, *, answers: Mapping[str, str], rationale: str, tier: int | None
) -> dict[str, list[str]]:
    """Return what is wrong with an assessment, by field: a tier by hand is never lower than the answers'."""
    open_ones = answer_problems(questionnaire, answers)
    found = open_ones | text_problems({"rationale": rationale})
    if tier is None:
        return found
    if not HIGHEST <= tier <= LOWEST:
        return found | {"tier": ["A tier is 1 (the highest impact), 2 or 3."]}
    if not open_ones and tier > (computed := assess(questionnaire, answers).tier):
        words = f"The answers come to tier {computed}. A tier given by hand can only be higher, towards 1."
        return found | {"tier": [words]}
    return found


def lowers(*, now: int, wanted: int) -> bool:
    """Whether the wanted tier has less impact than the one now: that waits for an approval (invariant 18)."""
    return wanted > now


def is_independent(*, may_challenge: bool, is_person: bool, assessor: int, hands: Collection[int]) -> bool:
    """Whether an assessment is the second line's: a person of it answered, who had no hand in the model."""
    return may_challenge and is_person and assessor not in hands


def _axis(document: Mapping[str, Any]) -> Axis:
    questions = tuple(
        Question(one["key"], one["text"], tuple(Answer(a["key"], a["text"], Level(a["level"])) for a in one["answers"]))
        for one in document["questions"]
    )
    return Axis(document["key"], document["title"], document["meaning"], questions)


def _defects(found: Questionnaire) -> Iterator[str]:
    """Yield what makes a questionnaire unusable: gaps in its table, or a higher level that lowers the tier."""
    if tuple(axis.key for axis in found.axes) != AXES:
        yield f"its axes are not {', '.join(AXES)}"
    keys = [question.key for axis in found.axes for question in axis.questions]
    if len(set(keys)) < len(keys):
        yield "two questions have the same key"
    places = set(product(Level, repeat=len(AXES)))
    if found.tiers.keys() != places or not set(found.tiers.values()) <= set(range(HIGHEST, LOWEST + 1)):
        yield "its table does not have a tier for each combination"
        return
    for place, other in product(found.tiers, repeat=2):
        no_lower = all(_rank(one) <= _rank(two) for one, two in zip(place, other, strict=True))
        if no_lower and found.tiers[other] > found.tiers[place]:
            yield f"{'/'.join(other)} has a lower tier than {'/'.join(place)}"


def _level(question: Question, answers: Mapping[str, str]) -> Level:
    answer = question.chosen(answers[question.key])
    if answer is None:
        raise ValueError(f"{question.key} is not answered.")
    return answer.level


def _rank(level: Level) -> int:
    return list(Level).index(level)
