"""What the inspection of a snapshot comes to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.core.canonical import digest_of
from registry.rules.values import DIGEST, LARGEST_INTEGER, is_text, text_problems, unrecordable

LONGEST_TIME_COLUMN = 200
LONGEST_LOCATION = 2_000
MOST_COLUMNS = 4_000
SECRET = re.compile(r"://[^/?#\s]*:[^/?#\s]*@")
"""A password in an address."""


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


def location_problems(location: str) -> dict[str, list[str]]:
    """Return what is wrong with the words that say where bytes lie; nothing is ever fetched from there."""
    found = text_problems({"location": location})
    if not found and len(location) > LONGEST_LOCATION:
        found["location"] = [f"Use at most {LONGEST_LOCATION} characters."]
    if not found and SECRET.search(location):
        found["location"] = ["Leave the password out: everybody who sees the dataset reads this."]
    return found


def reference_problems(*, sha256: str, columns: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Return what is wrong with what is told of bytes that lie elsewhere."""
    found: dict[str, list[str]] = {}
    if not DIGEST.fullmatch(sha256.lower()):
        found["sha256"] = ["Give the SHA-256 as 64 hexadecimal digits."]
    names = [column["name"] for column in columns]
    texts = [text for column in columns for text in column.values()]
    if len(names) > MOST_COLUMNS or len(set(names)) < len(names):
        found["columns"] = [f"Name at most {MOST_COLUMNS} columns, each once."]
    elif not all(names) or any(len(text) > LONGEST_TIME_COLUMN or not is_text(text) for text in texts):
        found["columns"] = [f"Names and types have 1 to {LONGEST_TIME_COLUMN} characters."]
    return found


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
