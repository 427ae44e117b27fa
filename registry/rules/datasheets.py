"""What a datasheet says, what it must hold, and which columns it keeps from people without the grant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from registry.rules.values import is_text, text_problems

MOST_SENSITIVE = 4_000
"""As many as a table may have columns."""
LONGEST_COLUMN = 200


class Topic(NamedTuple):
    """One text of a datasheet: what it is called, and what it answers."""

    title: str
    asks: str


TOPICS: Mapping[str, Topic] = {
    "origin": Topic("Origin", "Where the rows come from, who made them, and for what."),
    "collection": Topic("Collection", "How, when and from whom they were collected, and on what legal ground."),
    "preparation": Topic("Preparation", "What was cleaned, joined, sampled, labelled or left out, and by whom."),
    "assumptions": Topic("Assumptions", "What the rows are taken to measure and to stand for."),
    "gaps": Topic("Gaps", "Who or what is missing or under-represented, known errors and biases."),
    "licence": Topic("Licence", "Under which terms they may be used."),
    "retention": Topic("Retention", "How long they are kept, counted from what, and who erases them."),
}


def texts_problems(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what is wrong with the texts, by field; one of them at least says something."""
    found = text_problems({}, texts)
    if not found and not any(text.strip() for text in texts.values()):
        found["origin"] = ["A datasheet says something: begin with where the rows come from."]
    return found


def sensitive_problems(before: Collection[str], wanted: Sequence[str], *, may_reveal: bool) -> dict[str, list[str]]:
    """Return what is wrong with the sensitive columns, by field; only who sees their values takes one off."""
    if len(wanted) > MOST_SENSITIVE:
        return {"sensitive": [f"Name at most {MOST_SENSITIVE} columns."]}
    if any(not is_text(name) or len(name) > LONGEST_COLUMN for name in wanted):
        return {"sensitive": [f"A column has a name of at most {LONGEST_COLUMN} characters."]}
    kept = {_folded(name) for name in wanted}
    revealed = sorted(name for name in before if _folded(name) not in kept)
    if revealed and not may_reveal:
        words = f"Only who holds the grant to read sensitive columns takes one off the list: {', '.join(revealed)}."
        return {"sensitive": [words[:500]]}
    return {}


def named_once(names: Iterable[str]) -> list[str]:
    """Return names of columns without blanks around them, each once, in the order given."""
    found: dict[str, str] = {}
    for name in names:
        if name.strip():
            found.setdefault(_folded(name), name.strip())
    return list(found.values())


def is_sensitive(column: str, sensitive: Iterable[str]) -> bool:
    """Whether a column is one of the sensitive ones: case and blanks around a name reveal nothing."""
    return _folded(column) in {_folded(name) for name in sensitive}


def _folded(name: str) -> str:
    return name.strip().casefold()
