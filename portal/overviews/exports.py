"""The inventory as files that can be imported again: the columns of an import, a model a line."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from portal.overviews.inventory import CHUNK
from registry.models import RegisteredModel, Release
from registry.rules.imports import DECLARED, NAMES
from registry.rules.links import contacts_text, links_text

EXAMPLE = {
    "slug": "late-arrival",
    "name": "Late arrival",
    "purpose": "Decides which passengers are rebooked before they miss a connection.",
    "team": "flight-operations",
    "owner": "dana@example.org",
    "tier": 2,
    "task": "binary",
    "implementation": "scikit-learn",
    "origin": "own",
    "tags": "customer-facing, pilot",
    "links": "Handbook https://wiki.example.org/late-arrival",
    "contacts": "Vera Vendor; support; support@example.org",
    "in_use_since": "2021-03-01",
    "deadline": "2027-05-31",
    "in_use_as": "Version 4.2 on the dispatchers' server",
}


def template_lines() -> Iterator[Sequence[Any]]:
    """Yield the head of an import, and a line that shows how it is filled."""
    yield NAMES
    yield [EXAMPLE.get(name) for name in NAMES]


def csv_lines(keys: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Yield a head and a line for each model of these keys."""
    yield NAMES
    for row in _rows(keys):
        yield [row[name] for name in NAMES]


def json_lines(keys: Sequence[int]) -> Iterator[bytes]:
    """Yield a line of JSON for each model of these keys."""
    for row in _rows(keys):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _rows(keys: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield what an import says of each model, a chunk at a time: a slow reader holds no transaction."""
    for first in range(0, len(keys), CHUNK):
        chunk = keys[first : first + CHUNK]
        found = {row.pk: row for row in RegisteredModel.objects.filter(pk__in=chunk).with_names().order_by()}
        declared: dict[int, list[Release]] = defaultdict(list)
        for release in Release.objects.declared().filter(model__in=chunk):
            declared[release.model_id].append(release)
        yield from (_row(found[key], declared[key]) for key in chunk if key in found)


def _row(model: RegisteredModel, declared: Sequence[Release]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(NAMES)
    row |= {name: getattr(model, name) for name in ("slug", "name", "purpose", "tier", "task", "implementation")}
    row |= {name: getattr(model, name) or None for name in ("origin", "mlflow_name", "retirement")}
    row |= {"team": model.team.slug, "owner": model.owner.email}
    row["backup"] = model.backup.email if model.backup else None
    row["use_case"] = model.use_case.slug if model.use_case else None
    row["tags"] = ", ".join(model.labels) or None
    row["links"], row["contacts"] = links_text(model.links) or None, contacts_text(model.contacts) or None
    for one in declared:
        words = one.description or str(one.version)
        since, deadline, what = DECLARED[one.environment]
        row |= {since: str(one.in_use_since), deadline: str(one.deadline), what: words}
    return row
