"""Pending rows that are no events: written past the portal, they stay where they are and hold up no other.

The table's constraint refuses them; what is older, or has an event's number for the second time, is told from here.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

PendingRow = tuple[int, UUID, bytes, dict[str, dict[str, str]] | None]
NO_EVENT = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a payload raises that is no event's."""
_PLACES = (
    ("event",), ("actor", "id"), ("actor", "kind"), ("subject", "type"), ("subject", "id"),
)  # fmt: skip


class Rows(Protocol):
    """A cursor, psycopg's or Django's."""

    def execute(self, query: str, params: Any = None, /) -> Any:
        """Send a query."""
        ...

    def fetchall(self) -> list[Any]:
        """Return what it found."""
        ...


@dataclass(frozen=True)
class Misfit:
    """A pending row that can't be ordered, and why."""

    order: int
    reason: str


def pending(cursor: Rows, limit: int, *, without: Collection[int] = ()) -> list[PendingRow]:
    """Return the pending rows that wait longest, in their order."""
    cursor.execute(
        'SELECT "order", event_id, payload, private FROM ledger_pendingentry'
        ' WHERE "order" <> ALL(%s) ORDER BY "order" LIMIT %s',
        [list(without), limit],
    )
    return cursor.fetchall()


def misfits(cursor: Rows, rows: Sequence[PendingRow]) -> list[Misfit]:
    """Return those of the rows that can't be ordered."""
    cursor.execute("SELECT event_id FROM ledger_entry WHERE event_id = ANY(%s)", [[row[1] for row in rows]])
    known = {event_id for (event_id,) in cursor.fetchall()}
    found = []
    for order, event_id, payload, private in rows:
        reason = f"event {event_id} is in the log already" if event_id in known else _fault(event_id, payload, private)
        known.add(event_id)
        if reason:
            found.append(Misfit(order, reason))
    return found


def _fault(event_id: UUID, payload: bytes, private: Any) -> str | None:
    """Return why a row is no event; None for one that is."""
    try:
        document = json.loads(bytes(payload).decode())
        texts = [document["id"], *document["topics"], *(_at(document, place) for place in _PLACES)]
        team = document["subject"]["team"]
        datetime.fromisoformat(document["at"])
        kept = (json.loads(private) if isinstance(private, str) else private) or {}
        texts += [part[name] for part in kept.values() for name in ("salt", "text")]
        for part in kept.values():
            bytes.fromhex(part["salt"])
    except NO_EVENT as error:
        return f"its payload is no event ({type(error).__name__}: {str(error)[:100]})"
    if not all(isinstance(text, str) and "\0" not in text for text in texts):
        return "its payload is no event (a text is none, or holds a NUL character)"
    if not isinstance(document["topics"], list):
        return "its payload is no event (the topics are no list)"
    if team is not None and (type(team) is not int or not 0 <= team < 2**63):
        return "its payload is no event (the team is no number)"
    return None if document["id"] == str(event_id) else "its payload is another event's"


def _at(document: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        document = document[name]
    return document
