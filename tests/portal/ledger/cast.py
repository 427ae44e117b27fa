"""People, events and entries that the ledger's tests share."""

from typing import Any

from django.db import transaction

from portal.core.actors import Actor, Grant
from portal.ledger.catalogue import TYPES, Event, EventType, Subject, declare
from portal.ledger.services import append

ANN = Actor(id="user:1", kind="user", name="Ann", user_id=1, grants=frozenset({Grant("read_ledger", 1)}))
AUDITOR = Actor(id="user:9", kind="user", name="Aud", user_id=9, grants=frozenset({Grant("read_ledger", None)}))


def event_type(name: str = "trial.thing.changed") -> EventType:
    return TYPES.get(name) or declare(name, "changed a thing")


def write(number: int = 0, *, name: str = "trial.thing.changed", team: int | None = 1, **more: Any) -> Event:
    """Append one event about thing `number` in a transaction of its own."""
    subject = Subject("thing", str(number), f"thing {number}", team)
    with transaction.atomic():
        return append(
            actor=more.pop("actor", ANN),
            event=event_type(name),
            subject=subject,
            data=more.pop("data", {"number": number}),
            **more,
        )


def write_many(count: int, *, start: int = 0) -> None:
    """Append `count` events in one transaction."""
    with transaction.atomic():
        for number in range(start, start + count):
            write(number)
