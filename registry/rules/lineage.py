"""How things of the lineage are named in addresses and events, and which may depend on which."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from registry.choices import LineageKind
from registry.rules.values import is_text

NAMESPACE = "countersign"
"""Of datasets in OpenLineage events that name a thing of this portal."""
LONGEST = 200
SHORTEST_DIGEST = 7
_SLUG = r"(?P<slug>[A-Za-z0-9_-]{1,80})"
_NUMBERED = re.compile(rf"{_SLUG}:v?(?P<number>[0-9]{{1,9}})")
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    LineageKind.MODEL: re.compile(_SLUG),
    LineageKind.VERSION: _NUMBERED,
    LineageKind.SNAPSHOT: _NUMBERED,
    LineageKind.PIPELINE: _NUMBERED,
    LineageKind.COMMIT: re.compile(r"(?P<commit>\S(.{0,62}\S)?)"),
    LineageKind.RUN: re.compile(r"(?P<run>[0-9a-fA-F-]{36})"),
    LineageKind.RELEASE: re.compile(r"(?P<number>[0-9]{1,9})"),
}
_DIGEST = re.compile(rf"(sha256:)?(?P<digest>[0-9a-fA-F]{{{SHORTEST_DIGEST},64}})")
_KINDS_SPOKEN: Mapping[str, str] = {
    "model": LineageKind.MODEL,
    "version": LineageKind.VERSION,
    "snapshot": LineageKind.SNAPSHOT,
    "dataset": LineageKind.SNAPSHOT,
    "pipeline": LineageKind.PIPELINE,
    "feature pipeline": LineageKind.PIPELINE,
}
_KIND = re.compile(rf"(?P<kind>{'|'.join(_KINDS_SPOKEN)})[ :]+", re.IGNORECASE)
_NUMBER = r"[ @:,#]+(version )?v?(?P<number>[0-9]{1,9})"
_BEGINNING = r"[ ,]+(?P<digest>[0-9a-fA-F]{4,64})"
_TAIL = re.compile(rf"(?=[ @:,#])({_NUMBER})?({_BEGINNING})?( in [a-z]+)?$")
"""What pages show after a name; "in production" is said of releases."""
_SINGLE = re.compile(r"(?P<kind>release|commit)[ #:]+(?P<rest>\S+)", re.IGNORECASE)
HOW = (
    "Write snapshot:dataset:2, version:model:3, model:name, pipeline:name:1, run:<id>, commit:<commit>, "
    f"or at least {SHORTEST_DIGEST} digits of a commit or a SHA-256."
)


@dataclass(frozen=True)
class Named:
    """What somebody asked for: a kind with the lookup of its row, or the beginning of a commit or digest."""

    kind: str
    slug: str = ""
    number: int = 0
    commit: str = ""
    run: UUID | None = None
    digest: str = ""


def named(text: str) -> Named | None:
    """Return what a name such as version:late-arrival:3 means; bare digits of a digest have the kind ""; else None."""
    text = text.strip()
    if len(text) > LONGEST or not is_text(text):
        return None
    kind, colon, rest = text.partition(":")
    if colon and kind in _PATTERNS:
        found = _PATTERNS[kind].fullmatch(rest)
        return _with_values(kind, found.groupdict()) if found else None
    if single := _SINGLE.fullmatch(text):
        is_commit = single["kind"].lower() == LineageKind.COMMIT
        return named(single["rest"] if is_commit else f"{LineageKind.RELEASE}:{single['rest']}")
    digest = _DIGEST.fullmatch(text.rstrip("….").lower())
    return Named("", digest=digest["digest"]) if digest else None


def _with_values(kind: str, values: Mapping[str, Any]) -> Named | None:
    run = values.get("run")
    try:
        return Named(
            kind,
            slug=values.get("slug", ""),
            number=int(values.get("number", 0)),
            commit=values.get("commit", ""),
            run=UUID(run) if run else None,
        )
    except ValueError:
        return None


@dataclass(frozen=True)
class Spoken:
    """One reading of a name as pages show it: perhaps of one kind, a number after it, the beginning of a digest."""

    name: str
    kind: str = ""
    number: int | None = None
    digest: str = ""


def spoken(text: str) -> list[Spoken]:
    """Return what words such as "late-arrival v3" may say, the plainest reading first; [] where they name nothing.

    A number or digits at the end may belong to the name, so both readings are returned.
    """
    text = " ".join(text.replace("…", " ").split())
    if not text or len(text) > LONGEST or not is_text(text):
        return []
    found = _KIND.match(text)
    kind, rest = (_KINDS_SPOKEN[found["kind"].lower()], text[found.end() :]) if found else ("", text)
    readings = [Spoken(rest, kind)]
    if tail := _TAIL.search(rest):
        number, digest = tail["number"], (tail["digest"] or "").lower()
        readings.append(Spoken(rest[: tail.start()], kind, int(number) if number else None, digest))
    return [one for one in readings if one.name]


def edge_problem(above: tuple[str, int], below: tuple[str, int]) -> str | None:
    """Return why one thing can't be said to depend on another, in words; kinds as in `LineageKind`, with keys."""
    ends = {LineageKind.MODEL, LineageKind.VERSION, LineageKind.SNAPSHOT, LineageKind.RUN}
    if above[0] not in ends or below[0] not in ends:
        return "Only models, versions, snapshots and runs are said to depend on each other; the rest follows from them."
    if above == below:
        return "Nothing depends on itself."
    if (above[0], below[0]) == (LineageKind.SNAPSHOT, LineageKind.MODEL):
        return "A version depends on data, not its model: name the version."
    if (above[0], below[0]) == (LineageKind.RUN, LineageKind.RUN):
        return "That one run started another is told by the parent facet of its events."
    return None
