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
    digest = _DIGEST.fullmatch(text)
    return Named("", digest=digest["digest"].lower()) if digest else None


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
