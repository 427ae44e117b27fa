"""Who may do what to a finding (invariant 19), and what it must say."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.accounts.choices import Line
from registry.choices import FindingVerb, Severity, Stage
from registry.rules.stages import Candidate, unfit
from registry.rules.states import FINDING, after
from registry.rules.values import text_problems

MOST_DAYS = 1096
"""How far ahead a due time may lie: three years."""
VERIFYING = frozenset({FindingVerb.CLOSE, FindingVerb.SEND_BACK})
REMEDIATING = frozenset({FindingVerb.START, FindingVerb.HAND_IN})
EXPLAINED = VERIFYING | {FindingVerb.HAND_IN, FindingVerb.REOPEN, FindingVerb.CHANGE_SEVERITY}
"""What is not done without saying why, or what was done."""
WEIGHT: Mapping[str, int] = {severity: weight for weight, severity in enumerate(reversed(Severity.values))}
"""How heavy a severity is; more is heavier."""


@dataclass(frozen=True)
class Standing:
    """Who acts, as the rules see it.

    `line` is the line of defence for which one acts about this model, empty for who raises nothing there; `may_answer`
    whether one may hold findings about it.
    """

    user_id: int | None
    is_person: bool
    line: str
    may_answer: bool


@dataclass(frozen=True)
class Facts:
    """What the rules ask of a finding; `remediators` are all who ever remediated it."""

    state: str
    severity: str
    line: str
    holder: int | None
    remediators: Collection[int]


def line_for(*, challenges: bool, raises: bool, is_person: bool, has_a_hand: bool) -> str:
    """Return for which line somebody acts about a model; empty for none.

    Who had a hand in the model is no second line there, whatever their role: they raise findings as its own line.
    """
    if challenges and is_person and not has_a_hand:
        return Line.SECOND
    return Line.FIRST if raises or challenges else ""


def lowers(before: str, wanted: str) -> bool:
    """Whether the wanted severity is lower; one that nobody knows is not."""
    return WEIGHT.get(wanted, len(WEIGHT)) < WEIGHT[before]


def state_problem(verb: str, state: str) -> str:
    """Return why this can't be done to a finding in this state, in words; empty where it can."""
    if after(FINDING, verb, state) is not None:
        return ""
    wanted = " or ".join(_spoken(before) for before in FINDING[verb])
    return f"The finding is {_spoken(state)}; this is done to one that is {wanted}."


def duty_problem(verb: str, facts: Facts, who: Standing, *, lower: bool = False) -> str:
    """Return why this person may not do it, in words; empty where they may. `lower` tells of a lowered severity."""
    if verb in VERIFYING or (verb == FindingVerb.CHANGE_SEVERITY and lower):
        return _verifying_problem(facts, who)
    if verb in REMEDIATING:
        return "" if _holds(facts, who) else "Only who holds the finding does this."
    if verb == FindingVerb.HAND_OVER:
        if _holds(facts, who) or who.line == facts.line:
            return ""
        return f"Only who holds the finding, or the {facts.line} line, which raised it, hands it over."
    return "" if who.line else "A developer of the model’s team or a validator does this."


def _holds(facts: Facts, who: Standing) -> bool:
    return who.may_answer and who.user_id is not None and who.user_id == facts.holder


def _verifying_problem(facts: Facts, who: Standing) -> str:
    if not who.is_person:
        return "Only a person judges whether a finding is remediated."
    if who.user_id in facts.remediators:
        return "You remediated it, now or before: somebody else judges whether that is enough."
    if who.line != facts.line:
        return f"Only the {facts.line} line, which raised the finding, judges it."
    return ""


def problems(*, title: str, description: str, stage: str, severity: str) -> dict[str, list[str]]:
    """Return what is wrong with what a finding says, by field."""
    found = text_problems({"title": title, "description": description})
    if stage not in Stage.values:
        found["stage"] = [f"Choose one of {', '.join(Stage.values)}."]
    return found | severity_problems(severity)


def severity_problems(severity: str, before: str = "") -> dict[str, list[str]]:
    """Return what is wrong with a severity, by field; `before` is the one that it would take the place of."""
    if severity not in Severity.values:
        return {"severity": [f"Choose one of {', '.join(Severity.values)}."]}
    return {"severity": [f"The severity is {severity} already."]} if severity == before else {}


def comment_problems(verb: str, comment: str) -> dict[str, list[str]]:
    """Return what is wrong with what somebody says about what they do, by field."""
    said = {"comment": comment}
    return text_problems(said) if verb in EXPLAINED else text_problems({}, said)


def holder_problems(one: Candidate | None, *, may_answer: bool) -> dict[str, list[str]]:
    """Return why somebody can't hold a finding, by field; nobody can always be named."""
    if one is None:
        return {}
    words = unfit(one)
    if not words and not may_answer:
        words = "This person only reads here and can’t answer for a finding. An administrator grants another role."
    return {"holder": [words]} if words else {}


def due_problems(due: datetime | None, at: datetime) -> dict[str, list[str]]:
    """Return what is wrong with a due time, by field."""
    if due is None or at < due <= at + timedelta(days=MOST_DAYS):
        return {}
    return {"due": ["It lies in the past." if due <= at else "It lies more than three years ahead."]}


def time_problems(before: datetime | None, wanted: datetime | None, *, raising: bool) -> dict[str, list[str]]:
    """Return why the due time can't be moved so, by field: who only holds a finding gives themselves no more time."""
    if raising or before is None or (wanted is not None and wanted <= before):
        return {}
    return {"due": ["Only the line that raised the finding gives more time."]}


def _spoken(state: str) -> str:
    return state.replace("_", " ")
