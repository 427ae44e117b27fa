"""The one way into the ledger.

Nothing notifies the sequencer, which looks 50 times a second: PostgreSQL lets only one notifying transaction commit
at a time, and a call after the commit costs each verb a round trip.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from portal.core.actors import Actor
from portal.core.canonical import canonical_json
from portal.core.clock import now
from portal.core.ids import uuid7
from portal.core.traces import note_event
from portal.ledger.catalogue import REACTIONS, Event, EventType, Subject
from portal.ledger.events import PRIVATE_TEXT_ERASED

PAYLOAD_VERSION = 1
SALT_BYTES = 32
MOST_CHARACTERS = 200
INSERT = "INSERT INTO ledger_pendingentry (event_id, payload, private) VALUES (%s, %s, %s)"


def append(
    *,
    actor: Actor,
    event: EventType,
    subject: Subject,
    data: Mapping[str, Any],
    private: Mapping[str, str] | None = None,
    topics: Sequence[str] = (),
) -> Event:
    """Write an event in the caller's transaction and run its reactions there.

    `data` is the subject's whole public state after the change; names, free text and addresses go to `private`.
    Raises RuntimeError outside a transaction, ValueError for what canonical JSON can't hold, and what reactions raise.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{event.name} was appended outside a transaction")
    _check_names(subject.type, subject.id, *topics, *(private or {}))
    heard = Event(
        id=str(uuid7()),
        type=event,
        at=now(),
        actor=actor,
        subject=subject,
        data=data,
        topics=tuple(dict.fromkeys(topics)),
    )
    if any("\0" in text for text in (private or {}).values()):
        raise ValueError("a private text holds a NUL character")
    kept = {field: {"salt": secrets.token_hex(SALT_BYTES), "text": text} for field, text in (private or {}).items()}
    commitments = {field: commitment(bytes.fromhex(part["salt"]), part["text"]) for field, part in kept.items()}
    payload = canonical_json(document(heard, commitments))
    connection.validate_no_broken_transaction()
    # Every verb comes through here: past Django's cursor it costs a fifth less processor time.
    with connection.wrap_database_errors:
        connection.connection.execute(INSERT, [heard.id, payload, json.dumps(kept) if kept else None])
    note_event(heard.id)
    for listener in REACTIONS.get(event.name, ()):
        listener(heard)
    return heard


@transaction.atomic
def erase_private(*, actor: Actor, entry: int, fields: Sequence[str]) -> int:
    """Erase private texts of an entry with their salts, and say so in another entry; return how many were there.

    The database refuses the one without the other. Raises Forbidden.
    """
    actor.require("administer", None)
    append(
        actor=actor,
        event=PRIVATE_TEXT_ERASED,
        subject=Subject("entry", str(entry), f"entry {entry}"),
        data={"fields": sorted(fields)},
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_erase_private(%s, %s)", [entry, sorted(fields)])
        (erased,) = cursor.fetchone()
    return int(erased)


def document(event: Event, commitments: Mapping[str, str]) -> dict[str, Any]:
    """Return the payload of an event as values."""
    return {
        "v": PAYLOAD_VERSION,
        "id": event.id,
        "at": event.at.isoformat(timespec="microseconds"),
        "actor": {"id": event.actor.id, "kind": event.actor.kind, "on_behalf_of": event.actor.on_behalf_of},
        "event": event.type.name,
        "subject": {"type": event.subject.type, "id": event.subject.id, "team": event.subject.team_id},
        "topics": list(event.topics),
        "data": dict(event.data),
        "commitments": dict(commitments),
    }


def commitment(salt: bytes, text: str) -> str:
    """Return sha256(salt || UTF-8 text) in hexadecimal digits."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def _check_names(*names: str) -> None:
    # What the sequencer could not store must be refused here, where somebody hears it: it would stop the log.
    for name in names:
        if not 0 < len(name) <= MOST_CHARACTERS or "\0" in name:
            raise ValueError(f"{name[:40]!r} can not name a subject, topic or field: 1 to {MOST_CHARACTERS} characters")
