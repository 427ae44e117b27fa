"""What a release must say, and what may take live decisions."""

from registry.choices import Environment, VersionState
from registry.rules.values import text_problems


def problems(*, environment: str, fallback: str) -> dict[str, list[str]]:
    """Return what is wrong with a planned release, by field."""
    found = text_problems({"fallback": fallback})
    if environment not in Environment.values:
        found["environment"] = [f"Choose one of {', '.join(Environment.values)}."]
    return found


def version_problem(state: str) -> str | None:
    """Return why a version in this state can't be released, in words; None for a sealed one."""
    if state == VersionState.SEALED:
        return None
    return f"Only a sealed version can be released; this one is {VersionState(state).label.lower()}."
