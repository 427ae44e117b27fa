"""What people wrote, made safe to lay out. Every cut says in the text what it did: nothing disappears from evidence."""

import re
import unicodedata
from typing import Any

LONGEST_WORD = 300
LONGEST_TEXT = 24_000
MOST_MARKS = 3
"""Combining marks in a row: more would climb over the lines above."""
REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
INVISIBLE = "\u200b\u2060\ufeff\u00ad\u180e\u2061\u2062\u2063\u2064"
_NAMED = str.maketrans({letter: f"⟨U+{ord(letter):04X}⟩" for letter in REORDERING + INVISIBLE})
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD},}}")


def clean(text: str) -> str:
    """Return text for a cell or a paragraph: what could reorder or hide its neighbours is printed as its number."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    text = _LONG_WORD.sub(_cut_word, _CONTROLS.sub("\ufffd", text).translate(_NAMED))
    return _cut_text(_few_marks(text))


def clean_all(value: Any) -> Any:
    """Return a JSON value with every text in it cleaned; keys are the program's own and stay."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_all(one) for one in value]
    if isinstance(value, dict):
        return {key: clean_all(one) for key, one in value.items()}
    return value


def _cut_word(found: re.Match[str]) -> str:
    word = found[0]
    return f"{word[:LONGEST_WORD]}… [{len(word) - LONGEST_WORD:,} characters of this word left out; see the attachment]"


def _cut_text(text: str) -> str:
    left = len(text) - LONGEST_TEXT
    if left <= 0:
        return text
    return f"{text[:LONGEST_TEXT]}… [{left:,} characters of this text left out; see the attachment]"


def _few_marks(text: str) -> str:
    if text.isascii():
        return text
    kept, run = [], 0
    for letter in text:
        run = run + 1 if unicodedata.category(letter) in {"Mn", "Me"} else 0
        if run <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)
