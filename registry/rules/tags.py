"""Labels that people put on models: free words, spelled one way."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

MOST, LONGEST = 20, 40
TAG = re.compile(r"[^\W_]([\w.:/-]*[^\W_])?")
WRONG = "Use letters and digits, and between them hyphens, underscores, full stops, colons and slashes."


def normalised(tags: Iterable[str]) -> list[str]:
    """Return tags as they are kept: small letters, hyphens for spaces, each once, in order; empty ones left out."""
    spelled = ("-".join(unicodedata.normalize("NFKC", tag).casefold().split()) for tag in tags)
    return sorted({tag for tag in spelled if tag})


def separated(text: str) -> list[str]:
    """Return the tags of a text in which commas, semicolons or line breaks stand between them, normalised."""
    return normalised(re.split(r"[,;\n]", text))


def problems(tags: Sequence[str]) -> dict[str, list[str]]:
    """Return what is wrong with normalised tags, by field."""
    if len(tags) > MOST:
        return {"tags": [f"A model has at most {MOST} tags; these are {len(tags)}."]}
    for tag in tags:
        if not TAG.fullmatch(tag):
            return {"tags": [f"“{tag[:LONGEST]}” is no tag. {WRONG}"]}
        if len(tag) > LONGEST:
            return {"tags": [f"A tag has at most {LONGEST} characters; “{tag[:LONGEST]}…” has {len(tag)}."]}
    return {}
