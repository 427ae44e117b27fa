"""What somebody means who writes the name of a thing as pages show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from portal.core.actors import Actor
from portal.overviews.lineage_things import Thing, things_like
from registry.choices import LineageKind
from registry.rules.lineage import Spoken, spoken

SHOWN = 20
"""Candidates that a page lists."""


@dataclass(frozen=True)
class _Columns:
    """Where a kind keeps its name, its number and its digest."""

    name: str
    number: str = ""
    digest: str = ""


_COLUMNS: Mapping[LineageKind, _Columns] = {
    LineageKind.MODEL: _Columns(""),
    LineageKind.VERSION: _Columns("model__", "number", "digest"),
    LineageKind.SNAPSHOT: _Columns("dataset__", "number", "sha256"),
    LineageKind.PIPELINE: _Columns("pipeline__", "number", "digest"),
}


def meant(actor: Actor, text: str) -> list[Thing]:
    """Return the things that the actor may see and a name may mean: those called just so, else those called alike."""
    readings = spoken(text)
    return _called(actor, readings, "iexact") or _called(actor, readings, "icontains")


def _called(actor: Actor, readings: Sequence[Spoken], how: str) -> list[Thing]:
    found: list[Thing] = []
    for kind, columns in _COLUMNS.items():
        conditions = [_condition(columns, one, how) for one in readings if _fits(kind, columns, one)]
        if conditions:
            found += things_like(actor, kind, reduce(or_, conditions), SHOWN)
    return found[:SHOWN]


def _fits(kind: LineageKind, columns: _Columns, one: Spoken) -> bool:
    """Whether a reading can be of this kind; a version is not meant where nothing tells which one."""
    tells = one.number is not None or bool(one.digest)
    if one.kind:
        return one.kind == kind and (bool(columns.number) or not tells)
    if kind == LineageKind.MODEL:
        return not tells
    return tells or kind != LineageKind.VERSION


def _condition(columns: _Columns, one: Spoken, how: str) -> Q:
    called = Q(**{f"{columns.name}slug__{how}": one.name}) | Q(**{f"{columns.name}name__{how}": one.name})
    if one.number is not None:
        called &= Q(**{columns.number: one.number})
    if one.digest:
        called &= Q(**{f"{columns.digest}__startswith": one.digest})
    return called
