"""What a profile is as one document, and what of it is shown to whom."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitoring.stats.profiles import Profile
from registry.rules.datasheets import is_sensitive

Json = dict[str, Any]


def profile_document(*, sha256: str, rows: int, told: Sequence[Mapping[str, str]], columns: Sequence[Profile]) -> Json:
    """Return the whole profile of a table whose bytes have this digest, as its own digest covers it."""
    return {
        "snapshot_sha256": sha256,
        "rows": rows,
        "columns": [
            {
                "name": one["name"],
                "type": one["type"],
                "kind": found.kind,
                "summary": found.summary,
                "cells": found.cells,
            }
            for one, found in zip(told, columns, strict=True)
        ],
    }


def shown(values: Json, *, column: str, sensitive: Iterable[str], sees_sensitive: bool) -> Json | None:
    """Return what may be shown of a column's summary or cells: nothing of a sensitive one without the grant."""
    return None if is_sensitive(column, sensitive) and not sees_sensitive else values
