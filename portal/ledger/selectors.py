"""Reads of the ledger: pages of entries, proofs, and a subject's state at an instant."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from portal.core.actors import Actor
from portal.core.errors import NotFound
from portal.ledger.catalogue import TYPES
from portal.ledger.merkle import consistency_proof, inclusion_proof
from portal.ledger.misfits import Misfit, misfits, pending
from portal.ledger.models import Checkpoint, Cursor, Entry, EntryQuerySet, PendingEntry
from portal.ledger.sequencing import refusal
from portal.ledger.tiles import Tree
from portal.ledger.tree_rows import Head, read_head, tile_reader

PAGE = 50
LOOKED_AT = 100
"""Pending entries among which those are sought that can't be ordered: they come to be the oldest."""


@dataclass(frozen=True)
class EntryFilter:
    """What to keep of the log; None keeps everything. `since` is inclusive, `until` exclusive."""

    event: str | None = None
    actor_id: str | None = None
    subject_type: str | None = None
    subject_id: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class EntryRow:
    """An entry as pages show it; `private` has the texts that were not erased, None for an erased one."""

    index: int
    event_id: str
    at: datetime
    event: str
    actor_id: str
    on_behalf_of: str | None
    subject_type: str
    subject_id: str
    team_id: int | None
    topics: tuple[str, ...]
    data: Mapping[str, Any]
    leaf_hash: str
    private: Mapping[str, str | None]

    @property
    def sentence(self) -> str:
        """What happened, for people: completes "<actor> ..."."""
        declared = TYPES.get(self.event)
        return declared.sentence if declared else self.event


@dataclass(frozen=True)
class EntryPage:
    """Entries, newest first; `next_before` asks for the page after, None on the last one."""

    rows: tuple[EntryRow, ...]
    next_before: int | None


@dataclass(frozen=True)
class State:
    """A subject's whole public state, as its newest entry up to an instant says."""

    index: int
    at: datetime
    event: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class LedgerHealth:
    """What `doctor` prints: sizes, the newest checkpoint, and subscribers that fail."""

    size: int
    pending: int
    waiting_since: datetime | None
    signed_at: datetime | None
    failing: tuple[Cursor, ...]


def entries(
    actor: Actor, wanted: EntryFilter | None = None, *, before: int | None = None, limit: int = PAGE
) -> EntryPage:
    """Return one page of the entries the actor may see, newest first, from below the index `before`."""
    wanted = wanted or EntryFilter()
    rows = _filtered(Entry.objects.visible_to(actor), wanted)
    if before is not None:
        rows = rows.filter(index__lt=before)
    # A sum is in no index: the database then finds a topic's entries by topic, and does not look for them through the
    # whole log from its end, as it does where its statistics are old (100 ms in 200,000 entries).
    newest = (F("index") + 0 if wanted.topic else F("index")).desc()
    found = list(rows.order_by(newest).prefetch_related("private_texts")[: limit + 1])
    page = tuple(_row(entry) for entry in found[:limit])
    return EntryPage(page, page[-1].index if len(found) > limit else None)


def entries_about(actor: Actor, *, topic: str, limit: int = PAGE) -> tuple[EntryRow, ...]:
    """Return the newest entries of a topic that the actor may see, newest first."""
    return entries(actor, EntryFilter(topic=topic), limit=limit).rows


def entry(actor: Actor, index: int) -> EntryRow:
    """Return one entry; raises NotFound for what is not there or not the actor's to see."""
    return _row(_visible(actor, index))


def proof_for(actor: Actor, index: int, *, size: int | None = None) -> dict[str, Any]:
    """Return all that verifies one entry offline: payload, leaf index, audit path, checkpoint note (hashes in base64).

    `size` picks an older checkpoint. Raises NotFound for an entry or checkpoint that is not there.
    """
    found = _visible(actor, index)
    checkpoint = _checkpoint(size)
    if index >= checkpoint.size:
        raise NotFound(f"Checkpoint {checkpoint.size} does not cover entry {index}.")
    with connection.cursor() as cursor:
        tree = Tree(checkpoint.size, tile_reader(cursor, checkpoint.size))
        path = inclusion_proof(index, checkpoint.size, tree.hash_of)
    return {
        "origin": checkpoint.note.partition("\n")[0],
        "leaf_index": index,
        "tree_size": checkpoint.size,
        "payload": base64.b64encode(bytes(found.payload)).decode(),
        "proof": [base64.b64encode(part).decode() for part in path],
        "checkpoint": checkpoint.note,
    }


def consistency_between(old: int, new: int) -> list[bytes]:
    """Return the proof that the log of `old` entries is the beginning of the log of `new`."""
    with connection.cursor() as cursor:
        return consistency_proof(old, new, Tree(new, tile_reader(cursor, new)).hash_of)


def state_at(actor: Actor, *, subject_type: str, subject_id: str, instant: datetime) -> State | None:
    """Return what the newest entry about the subject, at or before the instant, says; None before its first."""
    rows = Entry.objects.visible_to(actor).filter(subject_type=subject_type, subject_id=subject_id, at__lte=instant)
    found = rows.order_by("-index").first()
    if found is None:
        return None
    return State(found.index, found.at, found.event, found.document["data"])


def head() -> Head | None:
    """Return the newest checkpoint, or None before the first."""
    with connection.cursor() as cursor:
        return read_head(cursor)


def misfits_pending() -> list[Misfit]:
    """Return the oldest pending rows that are no events, which the sequencer leaves where they are."""
    with connection.cursor() as cursor:
        rows = pending(cursor, LOOKED_AT)
        return misfits(cursor, rows) if rows else []


def refused() -> str | None:
    """Return why the sequencer signs nothing more, in words; None where it goes on, or where nobody can tell here."""
    with connection.cursor() as cursor:
        return refusal(cursor)


def health() -> LedgerHealth:
    """Return what tells whether the sequencer and the subscribers keep up."""
    newest = head()
    return LedgerHealth(
        size=newest.size if newest else 0,
        pending=PendingEntry.objects.count(),
        waiting_since=_waiting_since(),
        signed_at=newest.signed_at if newest else None,
        failing=tuple(Cursor.objects.filter(failures__gt=0)),
    )


def _waiting_since() -> datetime | None:
    """Return when the oldest pending entry was written, of those that can be ordered."""
    with connection.cursor() as cursor:
        rows = pending(cursor, LOOKED_AT)
        aside = {misfit.order for misfit in misfits(cursor, rows)} if rows else set()
    payload = next((payload for order, _, payload, _ in rows if order not in aside), None)
    return datetime.fromisoformat(json.loads(bytes(payload))["at"]) if payload is not None else None


def _filtered(rows: EntryQuerySet, wanted: EntryFilter) -> EntryQuerySet:
    conditions: dict[str, Any] = {
        "event": wanted.event,
        "actor_id": wanted.actor_id,
        "subject_type": wanted.subject_type,
        "subject_id": wanted.subject_id,
        "topics__contains": [wanted.topic] if wanted.topic else None,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
    }
    return rows.filter(**{name: value for name, value in conditions.items() if value is not None})


def _visible(actor: Actor, index: int) -> Entry:
    found = Entry.objects.visible_to(actor).filter(index=index).first()
    if found is None:
        raise NotFound(f"There is no entry {index}.")
    return found


def _checkpoint(size: int | None) -> Checkpoint:
    rows = Checkpoint.objects.order_by("-size") if size is None else Checkpoint.objects.filter(size=size)
    found = rows.first()
    if found is None:
        raise NotFound("There is no such checkpoint.")
    return found


def _row(found: Entry) -> EntryRow:
    document = found.document
    return EntryRow(
        index=found.index,
        event_id=str(found.event_id),
        at=found.at,
        event=found.event,
        actor_id=found.actor_id,
        on_behalf_of=document["actor"]["on_behalf_of"],
        subject_type=found.subject_type,
        subject_id=found.subject_id,
        team_id=found.team_id,
        topics=tuple(found.topics),
        data=document["data"],
        leaf_hash=bytes(found.leaf_hash).hex(),
        private={part.field: part.text for part in found.private_texts.all()},
    )
