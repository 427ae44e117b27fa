"""Walking the lineage, level by level: each level takes a fixed number of queries, however many things it holds.

Only through what the reader may see: a way that leads over another team's thing ends before it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from portal.core.actors import Actor
from portal.overviews.lineage_things import Key, Thing, active_releases, of_kind, things
from registry.choices import LineageKind
from registry.models import FeaturePipelineVersion, LineageEdge, LineageRun, ModelVersion
from registry.models.lineage import ENDS

Found = tuple[Key, Key, str]
"""Upstream, downstream, and what the one is to the other."""


@dataclass
class Walk:
    """What was met: things with their distance from where it began (upstream negative), and what joins them.

    `complete` is false where there was more than `most`; `further` says that the depth ended it.
    """

    things: dict[Key, Thing]
    distance: dict[Key, int]
    edges: dict[tuple[Key, Key], str] = field(default_factory=dict)
    complete: bool = True
    further: bool = False


@dataclass(frozen=True)
class _Down:
    """A column by which rows of one kind say that they rest on things of another."""

    above: LineageKind
    below: LineageKind
    words: str
    rows: Callable[[Actor], QuerySet[Any]]
    columns: tuple[str, ...]


def _versions(actor: Actor) -> QuerySet[Any]:
    return ModelVersion.objects.visible_to(actor)


def _runs(actor: Actor) -> QuerySet[Any]:
    return LineageRun.objects.visible_to(actor)


def _pipelines(actor: Actor) -> QuerySet[Any]:
    return FeaturePipelineVersion.objects.visible_to(actor)


VALIDATED = "validated"
_K = LineageKind
_DOWN = (
    _Down(_K.SNAPSHOT, _K.VERSION, "trained", _versions, ("training_run__training_snapshot",)),
    _Down(_K.SNAPSHOT, _K.VERSION, VALIDATED, _versions, ("validation_runs__plan__held_out",)),
    _Down(_K.PIPELINE, _K.VERSION, "makes the features of", _versions, ("feature_pipeline_version",)),
    _Down(_K.COMMIT, _K.VERSION, "is the code of", _versions, ("training_run__repository", "training_run__commit")),
    _Down(_K.COMMIT, _K.PIPELINE, "is the code of", _pipelines, ("repository", "commit")),
    _Down(_K.COMMIT, _K.RUN, "is the code of", _runs, ("repository", "commit")),
    _Down(_K.RUN, _K.VERSION, "made", _versions, ("training_run__lineage_run",)),
    _Down(_K.RUN, _K.RUN, "started", _runs, ("parent",)),
    _Down(_K.VERSION, _K.VERSION, "was trained further as", _versions, ("training_run__parent__version",)),
    _Down(_K.VERSION, _K.RELEASE, "runs as", active_releases, ("version",)),
    _Down(_K.MODEL, _K.VERSION, "has the version", _versions, ("model",)),
)


def walk(
    actor: Actor, roots: Sequence[Thing], *, upstream: int, downstream: int, most: int, validations: bool = True
) -> Walk:
    """Return what lies so many levels above and below the roots, the nearest first, at most `most` things."""
    met = Walk({root.key: root for root in roots}, {root.key: 0 for root in roots})
    for levels, sign, steps in ((upstream, -1, _up), (downstream, 1, _down)):
        frontier = [root.key for root in roots]
        for level in range(1, levels + 1):
            if not frontier:
                break
            room = most - len(met.things)
            found = [step for step in steps(actor, met, frontier, room) if validations or step[2] != VALIDATED]
            frontier = _take(actor, met, found, distance=sign * level, room=room)
        met.further = met.further or bool(frontier and levels)
    return met


def _take(actor: Actor, met: Walk, found: Sequence[Found], *, distance: int, room: int) -> list[Key]:
    """Add what is new and visible; return its keys."""
    ends = dict.fromkeys(key for above, below, _ in found for key in (above, below))
    new = [key for key in ends if key not in met.things]
    if len(new) > room:
        met.complete = False
    seen = things(actor, new[: max(room, 0)])
    met.things |= seen
    met.distance |= dict.fromkeys(seen, distance)
    for above, below, words in found:
        if above in met.things and below in met.things:
            met.edges.setdefault((above, below), words)
    return list(seen)


def _up(actor: Actor, met: Walk, frontier: Sequence[Key], room: int) -> Iterator[Found]:
    for key in frontier:
        yield from ((above, key, words) for above, words in met.things[key].above)
    versions = of_kind(frontier, LineageKind.VERSION)
    if versions:
        rows = _versions(actor).filter(pk__in=versions, validation_runs__isnull=False).order_by()
        for snapshot, version in rows.values_list("validation_runs__plan__held_out", "pk").distinct()[: room + 1]:
            yield Key(LineageKind.SNAPSHOT, snapshot), Key(LineageKind.VERSION, version), VALIDATED
    yield from _stated_above(actor, met, frontier, room)


def _down(actor: Actor, met: Walk, frontier: Sequence[Key], room: int) -> Iterator[Found]:  # noqa: ARG001 (one signature)
    for way in _DOWN:
        keys = of_kind(frontier, way.above)
        if not keys:
            continue
        last = [key[-1] for key in keys] if way.above == LineageKind.COMMIT else keys
        rows = way.rows(actor).filter(**{f"{way.columns[-1]}__in": last}).order_by("-pk").distinct()
        known = set(keys)
        for *above, below in rows.values_list(*way.columns, "pk")[: room + 1]:
            one = tuple(above) if way.above == LineageKind.COMMIT else above[0]
            if one in known:
                yield Key(way.above, one), Key(way.below, below), way.words
    yield from _stated(actor, _ends("upstream", frontier), room)


def _stated_above(actor: Actor, met: Walk, frontier: Sequence[Key], room: int) -> Iterator[Found]:
    """Yield stored edges into the frontier; into a version's model as well, over which what it rests on reaches it."""
    versions = {key: met.things[key].row.model_id for key in frontier if key.kind == LineageKind.VERSION}
    models = {Key(LineageKind.MODEL, model) for model in versions.values()}
    told = list(_stated(actor, _ends("downstream", [*frontier, *models]), room))
    yield from told
    joined = {below for _, below, _ in told}
    for version, model in versions.items():
        if (key := Key(LineageKind.MODEL, model)) in joined:
            yield key, version, "has the version"


def _ends(side: str, keys: Iterable[Key]) -> Q | None:
    by_kind: dict[str, list[Any]] = {}
    for key in keys:
        if key.kind in ENDS:
            by_kind.setdefault(key.kind, []).append(key.of)
    found = None
    for kind, ids in by_kind.items():
        one = Q(**{f"{side}_{kind}__in": ids})
        found = one if found is None else found | one
    return found


def _stated(actor: Actor, condition: Q | None, room: int) -> Iterator[Found]:
    """Yield stored edges; of another team's too, for the things at both ends decide what is seen."""
    if condition is None:
        return
    for edge in LineageEdge.objects.visible_to(actor).filter(condition).order_by("pk")[: room + 1]:
        (above, one), (below, other) = edge.ends()
        words = _WORDS.get((above, below), "is used by")
        yield Key(LineageKind(above), one), Key(LineageKind(below), other), words


_WORDS: Mapping[tuple[str, str], str] = {
    ("run", "snapshot"): "wrote",
    ("run", "version"): "wrote",
    ("run", "model"): "wrote",
    ("version", "snapshot"): "wrote",
    ("model", "snapshot"): "wrote",
    ("snapshot", "run"): "was read by",
    ("version", "run"): "was read by",
    ("model", "run"): "was read by",
    ("snapshot", "snapshot"): "became",
}


def way_to(met: Walk, key: Key) -> list[Thing]:
    """Return the things over which a walk downstream came to one, from where it began to itself."""
    above: dict[Key, list[Key]] = {}
    for one, other in met.edges:
        above.setdefault(other, []).append(one)
    way = [key]
    while met.distance[way[-1]] > 0:
        nearer = met.distance[way[-1]] - 1
        way.append(next(one for one in above[way[-1]] if met.distance[one] == nearer))
    return [met.things[one] for one in reversed(way)]


def ways_to(met: Walk, keys: Collection[Key]) -> dict[Key, list[Thing]]:
    """Return the way to each."""
    return {key: way_to(met, key) for key in keys}
