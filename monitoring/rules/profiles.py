"""What a profile is as one document."""

from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.stats.profiles import Profile

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
