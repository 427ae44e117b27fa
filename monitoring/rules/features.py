"""Which columns a model reads, as its signature or its feature pipeline says."""

from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.stats.quality import type_family

NUMERIC = frozenset({"integer", "number", "truth"})
MATRIX = 2


def features_of(signature: Mapping[str, Any], pipeline_columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that a model names itself, else those that its pipeline makes, else none.

    `signature` is what inspection read: one input per column, or one table that may not name its columns.
    """
    inputs: Sequence[Mapping[str, Any]] = signature.get("inputs", ())
    if len(inputs) > 1 or (inputs and _is_column(inputs[0])):
        return tuple(str(one["name"]) for one in inputs)
    return tuple(str(name) for name in pipeline_columns)


def expected_columns(
    *, features: Sequence[str], others: Sequence[str], trained_on: Mapping[str, str], found: Mapping[str, str]
) -> dict[str, str]:
    """Return name and type of every column that a run reads; a feature has the kind of type that it was trained on.

    Integers, numbers and truth values stand for each other: one missing value turns a column of one into another.
    """
    expected = {}
    for name in dict.fromkeys([*features, *others]):
        here = found.get(name, "any")
        wanted = trained_on.get(name, here) if name in features else here
        alike = {type_family(wanted), type_family(here)} <= NUMERIC
        expected[name] = here if alike else wanted
    return expected


def _is_column(described: Mapping[str, Any]) -> bool:
    shape: Sequence[object] = described.get("shape") or []
    return described.get("type") != "table" and (len(shape) < MATRIX or shape[1] == 1)
