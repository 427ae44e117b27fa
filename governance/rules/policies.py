"""A policy's document: what it holds, what is wrong with it, and since when each of its checks has held."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.choices import Meaning
from governance.rules.expressions import ExpressionInvalid, compiled
from portal.core.names import unseen_in

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SEVERITIES = ("high", "medium", "low")
SEAT_CAPABILITIES = ("sign",)
"""What can fill a seat: capabilities that no token carries."""
TEXTS: Mapping[str, int] = {
    "key": 60,
    "title": 120,
    "severity": 12,
    "expression": 2_000,
    "limit": 200,
    "message": 2_000,
}
"""The fields of a check that are texts, with the most characters each may have."""
LONGEST_SLUG, LONGEST_TITLE, LONGEST_SEAT = 80, 200, 80
DAYS = (1, 366)


@dataclass(frozen=True)
class PublishedChecks:
    """The checks of one published version: {key: what it demands}."""

    published_at: datetime
    demands: Mapping[str, object]


def problems(document: Mapping[str, Any], *, environments: Sequence[str], tasks: Sequence[str]) -> dict[str, list[str]]:
    """Return {field: what is wrong with it}; empty when the document can be published."""
    found: dict[str, list[str]] = {}
    for field, text in _problems(document, environments, tasks):
        found.setdefault(field, []).append(text)
    return found


def demand(*, expression: str, tasks: Sequence[str]) -> dict[str, object]:
    """Return what a check demands; it is unchanged while this is equal, whatever its words."""
    return {"expression": expression, "tasks": sorted(tasks)}


def first_published(key: str, history: Sequence[PublishedChecks]) -> datetime | None:
    """Return since when the newest version's check has been published without change (invariant 17).

    `history` is the policy's published versions, oldest first; None where the newest has no such check.
    """
    since: datetime | None = None
    wanted: object = None
    for version in reversed(history):
        found = version.demands.get(key)
        if found is None or (since is not None and found != wanted):
            break
        since, wanted = version.published_at, found
    return since


def _problems(
    document: Mapping[str, Any], environments: Sequence[str], tasks: Sequence[str]
) -> Iterator[tuple[str, str]]:
    slug, title = document.get("slug"), document.get("title")
    if not isinstance(slug, str) or len(slug) > LONGEST_SLUG or not SLUG.fullmatch(slug):
        yield "slug", "A slug is up to 80 lower-case letters, digits and single hyphens."
    if not isinstance(title, str) or not 0 < len(title.strip()) <= LONGEST_TITLE:
        yield "title", "Give the policy a title of up to 200 characters."
    elif words := unseen_in(title):
        yield "title", words
    if not _some_of(document.get("environments"), environments):
        yield "environments", f"Name at least one environment, of {', '.join(environments)}."
    if not _some_of(document.get("tiers"), (1, 2, 3)):
        yield "tiers", "Name at least one tier, of 1, 2 and 3."
    for name in ("expires_after_days", "evidence_days"):
        if not _whole(document.get(name), *DAYS):
            yield name, f"Give a whole number of days, {DAYS[0]} to {DAYS[1]}."
    yield from _seat_problems(document.get("seats"))
    yield from _check_problems(document.get("checks"), tasks)
    for name in document.keys() - FIELDS:
        yield str(name), "A policy knows no such field."


FIELDS = frozenset({"slug", "title", "environments", "tiers", "expires_after_days", "evidence_days", "seats", "checks"})


def _seat_problems(seats: object) -> Iterator[tuple[str, str]]:
    if not isinstance(seats, list) or not seats:
        yield "seats", "Name at least one seat: nothing is approved by nobody."
        return
    for place, seat in enumerate(seats, start=1):
        if not isinstance(seat, dict) or seat.keys() != {"title", "capability", "meaning"}:
            yield "seats", f"Seat {place} needs title, capability and meaning."
            continue
        if not isinstance(seat["title"], str) or not 0 < len(seat["title"].strip()) <= LONGEST_SEAT:
            yield "seats", f"Seat {place} needs a title of up to 80 characters."
        elif words := unseen_in(seat["title"]):
            yield "seats", f"Seat {place}: {words}"
        if seat["capability"] not in SEAT_CAPABILITIES:
            yield "seats", f"Seat {place} is filled by one of: {', '.join(SEAT_CAPABILITIES)}."
        if seat["meaning"] not in Meaning.values:
            yield "seats", f"Seat {place} means one of: {', '.join(Meaning.values)}."


def _check_problems(checks: object, tasks: Sequence[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(checks, list) or not checks:
        yield "checks", "Name at least one check."
        return
    keys: set[str] = set()
    for place, check in enumerate(checks, start=1):
        if not isinstance(check, dict):
            yield "checks", f"Check {place} is not an object."
            continue
        key = check.get("key")
        field = key if isinstance(key, str) and SLUG.fullmatch(key) else f"check {place}"
        if field in keys:
            yield field, "Another check has this key."
        keys.add(field)
        yield from ((field, text) for text in _wrong_with(check, tasks))


def _wrong_with(check: Mapping[str, Any], tasks: Sequence[str]) -> Iterator[str]:
    for name, most in TEXTS.items():
        value = check.get(name)
        if not isinstance(value, str) or not value.strip():
            yield f"“{name}” is missing."
        elif len(value) > most:
            yield f"“{name}” has {len(value)} characters; {most:,} are allowed."
    key, named, expression = check.get("key"), check.get("tasks", []), check.get("expression")
    if isinstance(key, str) and not SLUG.fullmatch(key):
        yield "A key is lower-case letters, digits and single hyphens."
    if check.get("severity") not in SEVERITIES:
        yield f"The severity is one of {', '.join(SEVERITIES)}."
    if not isinstance(named, list) or any(task not in tasks for task in named):
        yield f"Tasks are of: {', '.join(tasks)}."
    for name in check.keys() - TEXTS.keys() - {"tasks"}:
        yield f"A check knows no field “{name}”."
    if isinstance(expression, str) and expression.strip():
        try:
            compiled(expression)
        except ExpressionInvalid as error:
            yield str(error)


def _some_of(value: object, known: Sequence[object]) -> bool:
    if not isinstance(value, list) or not value:
        return False
    # True equals 1 to Python, and is no tier.
    return all(not isinstance(one, bool) and one in known for one in value) and len(set(map(str, value))) == len(value)


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
