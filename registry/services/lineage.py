"""What depends on what, where nothing else says so."""

from typing import Any

from django.db import transaction

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.choices import LineageKind
from registry.events import LINEAGE_STATED
from registry.models import DatasetSnapshot, LineageEdge, LineageRun, ModelVersion, RegisteredModel
from registry.rules.lineage import Named, edge_problem
from registry.services.rows import author_of

Thing = RegisteredModel | ModelVersion | DatasetSnapshot | LineageRun
_KINDS: dict[type[Thing], LineageKind] = {
    RegisteredModel: LineageKind.MODEL,
    ModelVersion: LineageKind.VERSION,
    DatasetSnapshot: LineageKind.SNAPSHOT,
    LineageRun: LineageKind.RUN,
}

_TOPICS = {LineageKind.RUN.value: "lineage_run"}
"""A validation run has the topic `run`."""


@transaction.atomic
def state_dependency(*, actor: Actor, upstream: Thing, downstream: Thing) -> tuple[LineageEdge, bool]:
    """Record that one thing depends on another; return the edge, and whether it is new: said twice, it is there once.

    The door has seen to it that the actor may know of both. Raises Forbidden, and Invalid where they can't be joined.
    """
    team = team_of(downstream)
    actor.require("record_lineage", team.pk)
    if words := edge_problem(end_of(upstream), end_of(downstream)):
        raise Invalid("This dependency can't be recorded; see the fields.", fields={"upstream": [words]})
    return joined(actor=actor, upstream=upstream, downstream=downstream, team=team)


def joined(*, actor: Actor, upstream: Thing, downstream: Thing, team: Team) -> tuple[LineageEdge, bool]:
    """Insert the edge with its entry unless it stands; who calls has checked what may be joined, and by whom."""
    (above, one), (below, other) = end_of(upstream), end_of(downstream)
    ends: dict[str, Any] = dict.fromkeys(
        f"{side}_{kind}" for side in ("upstream", "downstream") for kind in _KINDS.values()
    )
    ends |= {f"upstream_{above}": upstream, f"downstream_{below}": downstream}
    edge, made = LineageEdge.objects.get_or_create(
        **ends, defaults={"team": team, "stated_by_id": author_of(actor), "stated_at": now()}
    )
    if made:
        append(
            actor=actor,
            event=LINEAGE_STATED,
            subject=Subject("lineage_edge", str(edge.pk), str(edge), team.pk),
            data=edge.public_state(),
            topics=(f"{_TOPICS.get(above, above)}:{one}", f"{_TOPICS.get(below, below)}:{other}"),
        )
    return edge, made


def end_of(thing: Thing) -> tuple[str, int]:
    """Return kind and key of a thing."""
    return _KINDS[type(thing)].value, thing.pk


def team_of(thing: Thing) -> Team:
    """Return the team that a thing belongs to."""
    if isinstance(thing, ModelVersion):
        return thing.model.team
    return thing.dataset.team if isinstance(thing, DatasetSnapshot) else thing.team


def end_named(actor: Actor, found: Named | None) -> Thing | None:
    """Return the model, version, snapshot or run of this name that the actor may see; None for anything else."""
    rows: Any
    if found is None:
        return None
    if found.kind == LineageKind.MODEL:
        rows = RegisteredModel.objects.select_related("team").filter(slug=found.slug)
    elif found.kind == LineageKind.VERSION:
        rows = ModelVersion.objects.select_related("model__team").filter(model__slug=found.slug, number=found.number)
    elif found.kind == LineageKind.SNAPSHOT:
        rows = DatasetSnapshot.objects.select_related("dataset__team").filter(
            dataset__slug=found.slug, number=found.number
        )
    elif found.run is not None:
        rows = LineageRun.objects.select_related("team").filter(run_id=found.run)
    else:
        return None
    thing: Thing | None = rows.visible_to(actor).first()
    return thing
