"""OpenLineage events: received once each, kept whole, and turned into runs, snapshots by reference and edges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.canonical import canonical_json, digest_of
from portal.core.clock import now
from portal.core.errors import Invalid, TooLarge
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.choices import SnapshotState
from registry.events import LINEAGE_EVENT_RECEIVED, LINEAGE_RUN_TOLD
from registry.models import DatasetSnapshot, LineageEvent, LineageRun
from registry.rules.facets import Unread
from registry.rules.lineage import NAMESPACE, edge_problem, named
from registry.rules.openlineage import ENDED, SaidDataset, SaidEvent, SaidRun, after, event_problems, said
from registry.rules.values import unrecordable
from registry.services.datasets import reference_snapshot
from registry.services.lineage import Thing, end_named, end_of, joined, team_of
from registry.services.rows import author_of

MOST_BYTES = 262_144
"""Of an event's canonical JSON."""
NO_DIGEST = "Its version is no SHA-256, so it leads to no snapshot. Send the facet version with one as datasetVersion."
USABLE = (SnapshotState.READY, SnapshotState.REFERENCED, SnapshotState.INSPECTING)


@dataclass(frozen=True)
class Received:
    """What became of an event; one that was there already made nothing."""

    event: LineageEvent
    is_new: bool


@transaction.atomic
def receive_event(*, actor: Actor, team: Team, body: Mapping[str, Any]) -> Received:
    """Take an OpenLineage RunEvent for a team, once for its run, type and time; what is not understood stays visible.

    Raises Forbidden, TooLarge, and Invalid where it breaks the specification.
    """
    actor.require("record_lineage", team.pk)
    if (defect := unrecordable(body)) is not None:
        raise Invalid(f"The event can't be recorded. {defect}", fields={"body": [defect]})
    if len(canonical_json(dict(body))) > MOST_BYTES:
        raise TooLarge(f"An event may have {MOST_BYTES} bytes at most. Send fewer datasets or facets.")
    if problems := event_problems(body):
        raise Invalid("This is no OpenLineage RunEvent; see the fields.", fields=problems)
    event = said(body)
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)  # one event of a team at a time: they name the same
    run, is_new = _locked(actor, team, event.run)
    kept = run.events.filter(event_type=event.event_type, event_time=event.event_time).first()
    if kept is not None:
        return Received(kept, is_new=False)
    unread = list(event.unread)
    if run.state in ENDED and after(run.state, event.event_type) == run.state and event.event_type in {"FAIL", "ABORT"}:
        unread.append(Unread("eventType", f"The run had ended before: it stays {run.get_state_display().lower()}."))
    _bring_up_to_date(run, event, actor=actor, is_new=is_new)
    _join(run, event, actor=actor, unread=unread)
    row = _keep(run, event, body, actor=actor, unread=unread)
    return Received(row, is_new=True)


def _locked(actor: Actor, team: Team, told: SaidRun) -> tuple[LineageRun, bool]:
    """Return the run's row, locked, and whether it is new: made where nobody told of the run before."""
    _, made = _found_or_made(actor, team, told)
    return LineageRun.objects.select_for_update(of=("self",)).get(team=team, run_id=told.run_id), made


def _bring_up_to_date(run: LineageRun, event: SaidEvent, *, actor: Actor, is_new: bool) -> None:
    """Take over what the event says; an entry tells of it unless it says nothing new, as a sign of life does."""
    known = (run.public_state(), run.namespace, run.name, run.failure)
    run.namespace, run.name = event.run.namespace, event.run.name
    before = run.state
    run.state = after(run.state, event.event_type)
    if event.event_type == "START" or run.started_at is None:
        run.started_at = event.event_time
    if run.state in ENDED and before not in ENDED:
        run.ended_at = event.event_time
    for name, value in event.values.items():
        setattr(run, name, value)
    if event.parent is not None and event.parent.run_id != run.run_id:
        run.parent = _named_parent(actor, run.team, event.parent)
    if is_new or known != (run.public_state(), run.namespace, run.name, run.failure):
        run.save()
        _record_run(run, actor=actor)


def _found_or_made(actor: Actor, team: Team, told: SaidRun) -> tuple[LineageRun, bool]:
    defaults = {
        "namespace": told.namespace, "name": told.name, "created_by_id": author_of(actor), "created_at": now(),
    }  # fmt: skip
    return LineageRun.objects.get_or_create(team=team, run_id=told.run_id, defaults=defaults)


def _named_parent(actor: Actor, team: Team, told: SaidRun) -> LineageRun:
    parent, made = _found_or_made(actor, team, told)
    if made:
        _record_run(parent, actor=actor)
    return parent


def _join(run: LineageRun, event: SaidEvent, *, actor: Actor, unread: list[Unread]) -> None:
    """Join what the event names with its run; what names nothing here is noted."""
    for datasets, is_input in ((event.inputs, True), (event.outputs, False)):
        for thing, where in _things(run.team, datasets, actor=actor, unread=unread):
            upstream, downstream = (thing, run) if is_input else (run, thing)
            if words := _refusal(actor, upstream, downstream):
                unread.append(Unread(where, words))
            else:
                joined(actor=actor, upstream=upstream, downstream=downstream, team=run.team)


def _refusal(actor: Actor, upstream: Thing, downstream: Thing) -> str | None:
    if not actor.may("record_lineage", team_of(downstream).pk):
        return "It belongs to a team for which you may not record lineage."
    return edge_problem(end_of(upstream), end_of(downstream))


def _things(
    team: Team, datasets: Sequence[SaidDataset], *, actor: Actor, unread: list[Unread]
) -> list[tuple[Thing, str]]:
    found: list[tuple[Thing, str]] = []
    for dataset in datasets:
        thing: Thing | None
        if dataset.namespace == NAMESPACE:
            thing, why = end_named(actor, named(dataset.name)), f"There is no {dataset.name} that you may see."
        else:
            thing, why = _snapshot(team, dataset, actor=actor), NO_DIGEST
        if thing is None:
            unread.append(Unread(dataset.where, f"{dataset.namespace} {dataset.name}: {why}"))
        else:
            found.append((thing, dataset.where))
    return found


def _snapshot(team: Team, dataset: SaidDataset, *, actor: Actor) -> DatasetSnapshot | None:
    """Return the team's snapshot of these bytes, registered by reference where there is none; None without a digest."""
    if not dataset.sha256:
        return None
    same = DatasetSnapshot.objects.filter(sha256=dataset.sha256, state__in=USABLE, dataset__team=team)
    return same.select_related("dataset__team").order_by("pk").first() or reference_snapshot(
        actor=actor, team=team, namespace=dataset.namespace, name=dataset.name, sha256=dataset.sha256,
        columns=dataset.columns, rows=dataset.rows, size=dataset.size,
    )  # fmt: skip


def _keep(
    run: LineageRun, event: SaidEvent, body: Mapping[str, Any], *, actor: Actor, unread: Sequence[Unread]
) -> LineageEvent:
    row = LineageEvent.objects.create(
        run=run, event_type=event.event_type, event_time=event.event_time, producer=event.producer, body=dict(body),
        digest=digest_of(dict(body)), unread=[one.as_dict() for one in unread],
        received_by_id=author_of(actor), received_at=now(),
    )  # fmt: skip
    append(
        actor=actor,
        event=LINEAGE_EVENT_RECEIVED,
        subject=Subject("lineage_event", str(row.pk), str(row), run.team_id),
        data=row.public_state(),
        topics=(f"lineage_run:{run.pk}",),
    )
    return row


def _record_run(run: LineageRun, *, actor: Actor) -> None:
    private = {"job": f"{run.namespace} {run.name}"} | ({"failure": run.failure} if run.failure else {})
    append(
        actor=actor,
        event=LINEAGE_RUN_TOLD,
        subject=Subject("lineage_run", str(run.pk), str(run), run.team_id),
        data=run.public_state(),
        private=private,
        topics=(f"lineage_run:{run.pk}",),
    )
