"""Lineage as pages and the API show it: the graph around a thing, and which active releases depend on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from portal.charts.graphs import Arrow, Node, picture
from portal.core.actors import Actor
from portal.overviews.lineage_things import Thing, version_thing
from portal.overviews.lineage_walk import Walk, walk, way_to
from registry.choices import LineageKind
from registry.models import ModelVersion, Release

DEEPEST = 8
"""Levels that a page draws in one direction."""
USUAL_DEPTH = 3
MOST_DRAWN = 120
FARTHEST = 40
"""Levels over which a release may depend on something."""
MOST_WALKED = 20_000
HEAD = ("release", "environment", "model", "version", "team", "activated_at", "steps", "through")
"""Columns of the answer as a file."""


@dataclass(frozen=True)
class Dependent:
    """An active release that depends on what was asked for, and the way over which it does."""

    release: Release
    way: Sequence[Thing]

    @property
    def steps(self) -> int:
        """Return how far it is."""
        return len(self.way) - 1

    @property
    def through(self) -> str:
        """Return the way in words."""
        return " → ".join(f"{thing.kind.lower()} {thing.name}" for thing in self.way[:-1])

    def line(self) -> list[Any]:
        """Return the cells of its line in a file."""
        release = self.release
        return [
            release.pk, release.environment, release.released.model.slug, release.released.number,
            release.model.team.slug, release.activated_at, self.steps, self.through,
        ]  # fmt: skip


@dataclass(frozen=True)
class Dependents:
    """The answer; `complete` is false where there was more to walk than anybody walks."""

    roots: Sequence[Thing]
    releases: Sequence[Dependent]
    complete: bool

    def lines(self) -> Iterator[Sequence[Any]]:
        """Yield the lines of the answer as a file."""
        yield HEAD
        yield from (one.line() for one in self.releases)


@dataclass(frozen=True)
class Edge:
    """One line of the table behind the graph."""

    above: Thing
    words: str
    below: Thing


@dataclass(frozen=True)
class Graph:
    """What lies around some things, drawn and as a table."""

    roots: Sequence[Thing]
    met: Walk

    @property
    def edges(self) -> list[Edge]:
        """Return what is joined, from the farthest upstream down."""
        pairs = sorted(self.met.edges, key=lambda pair: (self.met.distance[pair[0]], self.met.distance[pair[1]]))
        return [Edge(self.met.things[a], self.met.edges[a, b], self.met.things[b]) for a, b in pairs]

    @cached_property
    def sentence(self) -> str:
        """Return what the drawing shows, in words."""
        counts = [sum(sign * number > 0 for number in self.met.distance.values()) for sign in (-1, 1)]
        names = ", ".join(root.name for root in self.roots[:3])
        rests, depend = (f"{number} thing{'' if number == 1 else 's'}" for number in counts)
        return f"{names} rests on {rests} shown; {depend} shown depend{'s' if counts[1] == 1 else ''} on it."

    @cached_property
    def svg(self) -> str:
        """Return the drawing; each node leads to its own lineage."""
        own = {root.key for root in self.roots}
        nodes = [
            Node(str(place), thing.name, f"{thing.kind}, {thing.note}", thing.lineage_url, marked=thing.key in own)
            for place, thing in enumerate(self.met.things.values())
        ]
        places = {key: str(place) for place, key in enumerate(self.met.things)}
        arrows = [Arrow(places[a], places[b], words) for (a, b), words in self.met.edges.items()]
        return picture(nodes, arrows, label=self.sentence)


def dependents(actor: Actor, roots: Sequence[Thing]) -> Dependents:
    """Return which active releases that the actor may see depend on the roots, the nearest first.

    Being validated on a snapshot is depending on it: what a release was let through on is no longer so.
    """
    met = walk(actor, roots, upstream=0, downstream=FARTHEST, most=MOST_WALKED)
    found = [key for key in met.things if key.kind == LineageKind.RELEASE]
    found.sort(key=lambda key: (met.distance[key], met.things[key].name))
    releases = [Dependent(met.things[key].row, way_to(met, key)) for key in found]
    return Dependents(roots, releases, met.complete and not met.further)


def graph(actor: Actor, roots: Sequence[Thing], *, upstream: int, downstream: int) -> Graph:
    """Return what lies around the roots, at most `MOST_DRAWN` things, the nearest."""
    return Graph(roots, walk(actor, roots, upstream=upstream, downstream=downstream, most=MOST_DRAWN))


def lineage_of_version(actor: Actor, version: ModelVersion) -> Graph:
    """Return what a version's own page draws: two levels either way."""
    return graph(actor, [version_thing(version)], upstream=2, downstream=2)
