"""What the inspection of a snapshot comes to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.core.canonical import digest_of
from registry.rules.values import LARGEST_INTEGER, is_text, unrecordable

LONGEST_TIME_COLUMN = 200


@dataclass(frozen=True)
class Contents:
    """What a readable table holds."""

    rows: int
    columns: Sequence[Mapping[str, str]]
    period_start: datetime | None
    period_end: datetime | None


@dataclass(frozen=True)
class SnapshotConclusion:
    """What an inspection comes to: the verb (accept, refuse, fail), why, and the contents of an accepted table."""

    verb: str
    reason: str
    contents: Contents | None = None


def time_column_problems(time_column: str) -> dict[str, list[str]]:
    """Return what is wrong with the name of a time column."""
    if len(time_column) > LONGEST_TIME_COLUMN or not is_text(time_column):
        return {"time_column": [f"A column has a name of at most {LONGEST_TIME_COLUMN} characters."]}
    return {}


def conclude(*, verdict: str, reason: str, details: Mapping[str, Any]) -> SnapshotConclusion:
    """Return what a verdict (accepted, refused, failed) with its details comes to."""
    if verdict == "refused":
        return SnapshotConclusion("refuse", reason)
    if verdict != "accepted":
        return SnapshotConclusion("fail", reason)
    if (defect := unrecordable(details)) is not None:
        return SnapshotConclusion("refuse", f"What the file says of itself can't be recorded. {defect}")
    rows, columns = details.get("rows"), details.get("columns")
    if not isinstance(rows, int) or not 0 <= rows <= LARGEST_INTEGER or not columns:
        return SnapshotConclusion("fail", "The inspection did not tell how many rows and which columns there are.")
    try:
        start, end = _period(details.get("period"))
    except (ValueError, OverflowError):
        return SnapshotConclusion("refuse", "The time column holds instants outside the years 1 to 9999.")
    return SnapshotConclusion("accept", "", Contents(rows, columns, start, end))


def slug_elsewhere(*, team: str, namespace: str, name: str) -> str:
    """Return the slug of a dataset that a team knows by its name elsewhere: readable, and another for another name."""
    readable = re.sub("[^A-Za-z0-9]+", "-", name)[-60:].strip("-")
    return f"{readable or 'dataset'}-{digest_of([team, namespace, name])[:12]}"


def _period(period: Mapping[str, str | None] | None) -> tuple[datetime | None, datetime | None]:
    ends = [None if period is None else period.get(name) for name in ("from", "to")]
    start, end = (None if text is None else _instant(text) for text in ends)
    return start, end


def _instant(text: str) -> datetime:
    """Return the instant of an ISO 8601 text; one without a zone is taken as UTC."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
