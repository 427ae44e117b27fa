"""What somebody typed into the search field, and how it is set apart in what was found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery

from portal.core.fulltext import CONFIG

MOST_WORDS = 8
WORD = re.compile(r"[^\W_]+")
DIGEST = re.compile(r"[0-9a-f]{6,64}")
NUMBER = re.compile(r"v?([0-9]{1,9})", re.IGNORECASE)
START, STOP = "\x02", "\x03"
"""What PostgreSQL puts around the words it found; no keyboard types them."""
MARKED = re.compile(f"{START}(.*?){STOP}", re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """A part of a text, which matched or did not."""

    text: str
    matched: bool


@dataclass(frozen=True)
class Asked:
    """What somebody typed: its words, and the beginning of a digest or commit where it is one."""

    words: tuple[str, ...]
    digest: str

    @property
    def query(self) -> SearchQuery:
        """Return the words as PostgreSQL reads them: each by its stem or its beginning, all of them."""
        return SearchQuery(" & ".join(f"{word}:*" for word in self.words), search_type="raw", config=CONFIG)

    @property
    def in_one_name(self) -> str:
        """Return what matches the text of JSON in which one name holds the words, in this order."""
        return '"name": "[^"]*' + '[^"]*'.join(self.words)

    def marked(self, text: str) -> Sequence[Piece]:
        """Return a name in pieces, the typed words set apart."""
        return pieces(re.sub("|".join(map(re.escape, self.words)), rf"{START}\g<0>{STOP}", text, flags=re.IGNORECASE))


def asked(text: str) -> Asked:
    """Return what to look for; without words nothing is found."""
    compact = "".join(text.lower().split())
    return Asked(tuple(WORD.findall(text)[:MOST_WORDS]), compact if DIGEST.fullmatch(compact) else "")


def number_in(word: str) -> int | None:
    """Return the number that a word such as 58 or v3 names."""
    found = NUMBER.fullmatch(word)
    return int(found[1]) if found else None


def pieces(text: str) -> Sequence[Piece]:
    """Return a text in pieces, what PostgreSQL marked set apart."""
    return [Piece(part, matched=bool(i % 2)) for i, part in enumerate(MARKED.split(text)) if part]
