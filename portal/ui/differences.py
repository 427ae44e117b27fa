"""What became of a text, word by word."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST_WORDS = 4_000
"""Longer texts are shown as one taken out and one put in: comparing them would take seconds."""


@dataclass(frozen=True)
class Piece:
    """Words that stayed, went out, or came in."""

    kind: Literal["same", "out", "in"]
    text: str


def differences(before: str, after: str) -> list[Piece]:
    """Return the pieces of both texts in their order; white space counts as one gap."""
    old, new = before.split(), after.split()
    if len(old) + len(new) > MOST_WORDS:
        return _pieces(("out", old), ("in", new))
    found: list[Piece] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found += _pieces(("same", old[i1:i2]))
        else:
            found += _pieces(("out", old[i1:i2]), ("in", new[j1:j2]))
    return found


def _pieces(*parts: tuple[Literal["same", "out", "in"], list[str]]) -> list[Piece]:
    return [Piece(kind, " ".join(words)) for kind, words in parts if words]
