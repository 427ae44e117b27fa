"""The four numbers of the cover: differences to production first, then the version's own."""

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from monitoring.rules.measures import measure_named

Document = Mapping[str, Any]
MOST = 4
OWN = ("auc", "calibration_slope", "brier", "log_loss", "r2", "rmse", "mae", "bias")
"""What stands on the cover of a version's own measures, in this order."""


def tiles(document: Document) -> list[dict[str, Any]]:
    """Return at most four tiles: label, value, interval, limit, the scale to draw them on, and a status."""
    validation = document["validation"]
    if validation is None:
        return []
    return list(islice(_tiles(document, validation), MOST))


def places_of(*values: float | None) -> int:
    """Return how many places show four significant digits of the largest value: the same for a whole row."""
    top = max((abs(value) for value in values if value is not None), default=0.0)
    return 4 if top < 10 else max(0, 3 - math.floor(math.log10(top)))  # noqa: PLR2004  (one digit before the point)


def _tiles(document: Document, validation: Document) -> Iterator[dict[str, Any]]:
    version = document["subject"]["version"]
    for one in validation["measures"]:
        found = one["difference"]
        if found is not None and found["lower"] is not None and one["verdict"]:
            champion = f"v{validation['champion']['number']}"
            label = f"{measure_named(one['name']).title}, {version} − {champion}"
            yield _tile(label, found, one["limit"], status=one["verdict"], signed=True)
    measures = {one["name"]: one["candidate"] for one in validation["measures"]}
    for name in OWN:
        found = measures.get(name)
        if found is not None and found["lower"] is not None:
            yield _tile(measure_named(name).title, found, None, status="info", signed=name == "bias")


def _tile(label: str, found: Document, limit: float | None, *, status: str, signed: bool) -> dict[str, Any]:
    low, high, value = found["lower"], found["upper"], found["value"]
    shown = [low, high, value, *([limit] if limit is not None else [])]
    free = (max(shown) - min(shown) or abs(value) or 1.0) / 4
    return {
        "label": label,
        "value": value,
        "low": low,
        "high": high,
        "limit": limit,
        "start": min(shown) - free,
        "end": max(shown) + free,
        "places": places_of(low, high, value),
        "signed": signed,
        "status": status,
    }
