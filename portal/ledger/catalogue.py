"""Event types, their listeners, and what they hear. An undeclared event has no object to pass to append()."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.core.actors import Actor


@dataclass(frozen=True)
class EventType:
    """A declared kind of event: `name` is `app.noun.verbed`, `sentence` completes "<actor> ..." for people."""

    name: str
    sentence: str


@dataclass(frozen=True)
class Subject:
    """What an event is about; `id` is the row's primary key as text, `team_id` the owning team."""

    type: str
    id: str
    label: str
    team_id: int | None = None


@dataclass(frozen=True)
class Event:
    """An event as listeners hear it; `data` is the subject's whole public state after the change."""

    id: str
    type: EventType
    at: datetime
    actor: Actor
    subject: Subject
    data: Mapping[str, Any]
    topics: tuple[str, ...] = field(default=())


Listener = Callable[[Event], None]
TYPES: dict[str, EventType] = {}
REACTIONS: dict[str, list[Listener]] = {}
SUBSCRIBERS: dict[str, list[Listener]] = {}


def declare(name: str, sentence: str) -> EventType:
    """Declare an event type once; raises ValueError for a second declaration of the name."""
    if name in TYPES:
        raise ValueError(f"{name} is declared twice")
    TYPES[name] = EventType(name, sentence)
    return TYPES[name]


def reaction(*types: EventType) -> Callable[[Listener], Listener]:
    """Register a listener that runs in the emitter's transaction: database only, may refuse by DomainError."""

    def register(listener: Listener) -> Listener:
        for kind in types:
            REACTIONS.setdefault(kind.name, []).append(listener)
        return listener

    return register


def subscriber(*types: EventType) -> Callable[[Listener], Listener]:
    """Register a listener that runs after sequencing, at least once: creates rows and jobs, no other I/O."""

    def register(listener: Listener) -> Listener:
        for kind in types:
            SUBSCRIBERS.setdefault(kind.name, []).append(listener)
        return listener

    return register
