"""What a run's results say of a column whose values are masked: its levels go by a number, small ones without rows."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Results = Mapping[str, Any]
MASKED = "masked"
TOO_FEW = "Too few rows."
"""Why a masked level was not assessed: how few they are could tell who they are."""
COLUMN_MASKED = "This column is sensitive."


class MaskedLevel(NamedTuple):
    """How a level is called where it is masked, and whether it is too small for its rows to be counted."""

    name: str
    small: bool


UNKNOWN = MaskedLevel(MASKED, small=True)
"""A level that the results do not list."""


def masked_levels(results: Results, masks: Callable[[str], bool]) -> dict[tuple[str, str], MaskedLevel]:
    """Return each level of a masked column by column and level, numbered from the largest; small ones come last."""
    found: dict[tuple[str, str], MaskedLevel] = {}
    numbers: dict[str, int] = {}
    for one in sorted(results.get("segments", ()), key=lambda segment: not segment["assessed"]):
        if masks(one["column"]):
            numbers[one["column"]] = numbers.get(one["column"], 0) + 1
            name = f"{MASKED} {numbers[one['column']]}"
            found[one["column"], one["level"]] = MaskedLevel(name, small=not one["assessed"])
    return found


def masked_results(results: Results, masks: Callable[[str], bool], *, label: str) -> dict[str, Any]:
    """Return a run's results without the values of masked columns; `label` is the column of the outcomes."""
    levels = masked_levels(results, masks)
    shown = dict(results)
    if "segments" in shown:
        shown["segments"] = [_segment(one, levels) if masks(one["column"]) else one for one in shown["segments"]]
    if "measurements" in shown:
        shown["measurements"] = [
            _measurement(one, levels) if masks(one["slice_column"]) else one for one in shown["measurements"]
        ]
    if shown.get("positive") and masks(label):
        shown["positive"] = MASKED
    return shown


def unquoted(message: str) -> str:
    """Return words about rows up to the first colon: behind it a library speaks, and it may quote a value."""
    head, colon, _ = message.partition(": ")
    return f"{head}. What its library said may quote sensitive columns, and is not kept." if colon else message


def _segment(one: Results, levels: Mapping[tuple[str, str], MaskedLevel]) -> dict[str, Any]:
    name, small = levels[one["column"], one["level"]]
    hidden = {"n": None, "events": None, "n_units": None, "reason": TOO_FEW} if small else {}
    return {**one, "level": name, **hidden}


def _measurement(one: Results, levels: Mapping[tuple[str, str], MaskedLevel]) -> dict[str, Any]:
    name, small = levels.get((one["slice_column"], one["slice_level"]), UNKNOWN)
    hidden = {"value": None, "lower": None, "upper": None, "n": None, "n_units": None, "reason": TOO_FEW}
    return {**one, "slice_level": name, **(hidden if small else {})}
