"""What a use case must say, who decides about it, and which models belong to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from registry.choices import UseCaseState, UseCaseVerdict
from registry.rules.states import USE_CASE, after
from registry.rules.values import text_problems

VERBS: Mapping[str, str] = {
    UseCaseVerdict.APPROVE: "approve",
    UseCaseVerdict.REJECT: "reject",
    UseCaseVerdict.NOT_A_MODEL: "find not a model",
}
"""Verdict -> verb of the state table."""


@dataclass(frozen=True)
class UseCaseText:
    """What a use case says."""

    name: str
    purpose: str
    affected_persons: str
    decision: str

    @classmethod
    def of(cls, *, name: str, purpose: str, affected_persons: str, decision: str) -> "UseCaseText":
        """Return the texts without blanks around them."""
        return cls(name.strip(), purpose.strip(), affected_persons.strip(), decision.strip())

    def as_fields(self) -> Mapping[str, str]:
        """Return the texts by field."""
        return asdict(self)


def problems(text: UseCaseText, *, owner_answers: bool, sponsor_answers: bool) -> dict[str, list[str]]:
    """Return what is wrong with a use case, by field; owner and sponsor answer if they are people who may sign in."""
    found = text_problems(text.as_fields())
    words = ["Only a person whose account is open can answer for a use case."]
    return found | ({} if owner_answers else {"owner": words}) | ({} if sponsor_answers else {"sponsor": words})


def rationale_problems(verdict: str, rationale: str) -> dict[str, list[str]]:
    """Return what is wrong with a verdict and its rationale, by field: only an approval may go without one."""
    if verdict not in UseCaseVerdict.values:
        return {"verdict": [f"Choose one of {', '.join(UseCaseVerdict.values)}."]}
    if verdict == UseCaseVerdict.APPROVE:
        return text_problems({}, {"rationale": rationale})
    return text_problems({"rationale": rationale})


def duty_problem(verdict: str, decider: int, involved: Collection[int]) -> str | None:
    """Return why this person may not decide so, in words; None where they may. Own work can be rejected, no more."""
    if verdict == UseCaseVerdict.REJECT or decider not in involved:
        return None
    return "You proposed, changed, own or sponsor this use case, or did: somebody else decides about it."


def verdict_problem(verdict: str, state: str, models: Sequence[str]) -> str | None:
    """Return why it can't be decided so now, in words; None where it can."""
    if after(USE_CASE, VERBS[verdict], state) is None:
        return f"It is {spoken(state)} already; only a use case that is not decided yet can be decided."
    if verdict == UseCaseVerdict.NOT_A_MODEL and models:
        return f"It has models: {', '.join(models)}. Take them out of it first, or reject it."
    return None


def retirement_problem(state: str) -> str | None:
    """Return why a use case in this state can't be retired, in words; None where it can."""
    if after(USE_CASE, "retire", state) is not None:
        return None
    if state == UseCaseState.IN_USE:
        return "A model of it takes live decisions in production. It can be retired once none does."
    return f"It is {spoken(state)}; only what is approved for development can be retired."


def link_problem(state: str, *, same_team: bool) -> str | None:
    """Return why a use case in this state takes no such model, in words; None where it does."""
    if not same_team:
        return "The model and the use case belong to different teams."
    if after(USE_CASE, "link a model", state) is None:
        return f"The use case is {spoken(state)}: it takes no models."
    return None


def spoken(state: str) -> str:
    """Return a state as it stands inside a sentence."""
    return UseCaseState(state).label.lower()
