"""Values that come from outside: whether they can be recorded, and whether texts and names are usable."""

import math
import re
from collections.abc import Mapping
from typing import Any

from portal.core.names import unseen_in

LARGEST_INTEGER = 2**53 - 1
"""Beyond it canonical JSON (RFC 8785) has no exact number."""
DEEPEST = 20
SLUG = re.compile(r"[A-Za-z0-9_-]{1,80}")
LONGEST = 20_000
LONGEST_OF = {"name": 200, "title": 200, "repository": 400, "commit": 64, "hardware": 200, "signed_by": 200}
"""How many characters a text of one line may have, all of them to be seen; fields that are not named here: LONGEST."""
REPOSITORY = re.compile(
    r"(https://(?!-)[^\s/@?#]+|ssh://(?!-)([^\s/@:]+@)?(?!-)[^\s/@?#]+)(/[^\s?#]*)?|[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s?#]+"
)
DIGEST = re.compile(r"[0-9a-f]{64}")


def unrecordable(value: Any, depth: int = 0) -> str | None:
    """Return why a value can't be kept as JSON and digested, in words; None for one that can."""
    if depth > DEEPEST:
        return f"It is nested more than {DEEPEST} levels deep."
    if isinstance(value, Mapping):
        parts: list[Any] = [part for item in value.items() for part in item]
        if not all(isinstance(name, str) for name in value):
            return "It holds a name that is not text."
        return next(filter(None, (unrecordable(part, depth + 1) for part in parts)), None)
    if isinstance(value, list | tuple):
        return next(filter(None, (unrecordable(part, depth + 1) for part in value)), None)
    return _scalar(value)


def _scalar(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return None if is_text(value) else "It holds a character that can't be stored."
    if isinstance(value, int):
        return None if abs(value) <= LARGEST_INTEGER else f"It holds an integer beyond {LARGEST_INTEGER}."
    if isinstance(value, float):
        return None if math.isfinite(value) else "It holds a number that is not finite."
    return f"It holds a value of type {type(value).__name__}."


def is_text(value: str) -> bool:
    """Whether a text can be stored: no NUL, no half of a surrogate pair."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def text_problems(required: Mapping[str, str], optional: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """Return what is wrong with texts, by field: missing where required, not storable, unseen, or too long."""
    problems: dict[str, list[str]] = {}
    for name, value in required.items():
        if not value.strip():
            problems[name] = ["Enter a text."]
    for name, value in {**required, **(optional or {})}.items():
        if not is_text(value):
            problems[name] = ["This holds a character that can't be stored."]
        elif name in LONGEST_OF and (words := unseen_in(value)):
            problems[name] = [words]
        elif len(value) > (limit := LONGEST_OF.get(name, LONGEST)):
            problems[name] = [f"Use at most {limit} characters; this has {len(value)}."]
    return problems


def repository_problems(repository: str) -> dict[str, list[str]]:
    """Return what is wrong with the address of a repository: people open it from pages and documents."""
    if REPOSITORY.fullmatch(repository):
        return {}
    return {"repository": ["Give an address over https or ssh, without a password in it."]}


def slug_problems(slug: str) -> dict[str, list[str]]:
    """Return what is wrong with the shape of a slug."""
    return {} if SLUG.fullmatch(slug) else {"slug": ["Use 1 to 80 letters, digits, hyphens and underscores."]}
