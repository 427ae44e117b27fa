"""Subscribers hear entries after sequencing, at least once, each by its own cursor; none holds up another."""

import logging
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
from django.db.models import Max, Q

from portal.core.actors import Actor, ActorKind
from portal.core.clock import now
from portal.core.errors import NotFound
from portal.core.traces import Trace, note_heard, traced
from portal.ledger.catalogue import SUBSCRIBERS, TYPES, Event, EventType, Listener, Subject
from portal.ledger.models import Cursor, Entry

ATTEMPTS = 8
FIRST_WAIT = timedelta(seconds=2)
SKIPPED_WORTH_WRITING = 1000
log = logging.getLogger(__name__)


def deliver(*, limit: int = 500) -> int:
    """Let every subscriber hear up to `limit` entries after its cursor; return how many were heard.

    Each entry is heard in a transaction of its own, with the cursor. A new subscriber starts at entry 0.
    """
    known = set(Cursor.objects.values_list("name", flat=True))
    heard = 0
    for name, (listener, events) in sorted(subscribers().items()):
        if name not in known:
            Cursor.objects.get_or_create(name=name)
        heard += _deliver_to(name, listener, sorted(events), limit)
    return heard


def subscribers() -> dict[str, tuple[Listener, set[str]]]:
    """Return every subscriber by dotted name, with the names of the events it hears."""
    result: dict[str, tuple[Listener, set[str]]] = {}
    for event, listeners in SUBSCRIBERS.items():
        for listener in listeners:
            result.setdefault(f"{listener.__module__}.{listener.__qualname__}", (listener, set()))[1].add(event)
    return result


def resume(*, actor: Actor, name: str) -> None:
    """Let a parked subscriber try again, at the entry where it stopped; raises NotFound."""
    actor.require("administer", None)
    if not Cursor.objects.filter(name=name).update(failures=0, retry_at=None, parked_at=None, reason=""):
        raise NotFound(f"There is no subscriber {name}.")


def event_from(document: dict[str, Any]) -> Event:
    """Rebuild an event from a payload: the actor has no grants, and names are ids, since names are private."""
    actor, subject = document["actor"], document["subject"]
    kind, _, number = actor["id"].partition(":")
    return Event(
        id=document["id"],
        type=TYPES.get(document["event"]) or EventType(document["event"], document["event"]),
        at=datetime.fromisoformat(document["at"]),
        actor=Actor(
            id=actor["id"],
            kind=cast("ActorKind", actor["kind"]),
            name=actor["id"],
            user_id=int(number) if kind == "user" else None,
            on_behalf_of=actor["on_behalf_of"],
        ),
        subject=Subject(subject["type"], subject["id"], f"{subject['type']} {subject['id']}", subject["team"]),
        data=document["data"],
        topics=tuple(document["topics"]),
    )


def _deliver_to(name: str, listener: Listener, events: list[str], limit: int) -> int:
    heard = 0
    while heard < limit:
        with traced(Trace()):
            try:
                if not _deliver_next(name, listener, events):
                    break
            except Exception as error:  # a listener may fail in any way; its cursor says so
                log.exception("subscriber %s failed", name)
                _record_failure(name, error)
                break
        heard += 1
    return heard


@transaction.atomic
def _deliver_next(name: str, listener: Listener, events: list[str]) -> bool:
    """Let the subscriber hear its next entry; False when there is none, it waits, or another process serves it."""
    due = Q(retry_at=None) | Q(retry_at__lte=now())
    cursor = Cursor.objects.select_for_update(skip_locked=True).filter(due, name=name, parked_at=None).first()
    if cursor is None:
        return False
    last = Entry.objects.aggregate(last=Max("index"))["last"]
    entry = Entry.objects.filter(index__gte=cursor.position, event__in=events).order_by("index").first()
    if entry is None:
        # Nothing for it up to here: remembered now and then, so that the search stays short.
        if last is not None and last - cursor.position > SKIPPED_WORTH_WRITING:
            Cursor.objects.filter(name=name).update(position=last + 1)
        return False
    note_heard(entry.index, str(entry.event_id))
    listener(event_from(entry.document))
    Cursor.objects.filter(name=name).update(position=entry.index + 1, failures=0, retry_at=None, reason="")
    return True


@transaction.atomic
def _record_failure(name: str, error: Exception) -> None:
    cursor = Cursor.objects.select_for_update().get(name=name)
    cursor.failures += 1
    cursor.reason = f"{type(error).__name__}: {error}"[:2000]
    if cursor.failures >= ATTEMPTS:
        cursor.parked_at = now()
        cursor.retry_at = None
    else:
        cursor.retry_at = now() + FIRST_WAIT * 2 ** (cursor.failures - 1)
    cursor.save()
