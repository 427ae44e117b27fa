"""What is being worked on here and now: the ids that log lines and answers name. Never names, addresses or secrets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from portal.core.ids import uuid7

MOST_EVENTS = 20
_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


@dataclass
class Trace:
    """One request, job or heard entry, from its beginning to its end."""

    request_id: str = ""
    job_id: int | None = None
    user_id: int | None = None
    entry: int | None = None
    event_id: str = ""
    events: list[str] = field(default_factory=list)
    """Ids of the events that were appended meanwhile, the first few."""


_CURRENT: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace | None:
    """Return the trace of what is being worked on; None outside of any."""
    return _CURRENT.get()


@contextmanager
def traced(trace: Trace) -> Iterator[Trace]:
    """Work under this trace until the block ends."""
    token = _CURRENT.set(trace)
    try:
        yield trace
    finally:
        _CURRENT.reset(token)


def note_user(user_id: int) -> None:
    """Say who acts, once that is known."""
    if trace := _CURRENT.get():
        trace.user_id = user_id


def note_heard(entry: int, event_id: str) -> None:
    """Say which entry is being heard."""
    if trace := _CURRENT.get():
        trace.entry, trace.event_id = entry, event_id


def note_event(event_id: str) -> None:
    """Say that an event was appended."""
    if (trace := _CURRENT.get()) and len(trace.events) < MOST_EVENTS:
        trace.events.append(event_id)


def request_id_from(given: str | None) -> str:
    """Return the caller's id of the request where it is well formed (8 to 64 of A-Z a-z 0-9 . _ -), else a new one."""
    return given if given and _WELL_FORMED.fullmatch(given) else str(uuid7())


def user_id_of(actor_id: str) -> int | None:
    """Return the number in an actor's id ("user:12"); None for an actor that is no user."""
    kind, _, number = actor_id.partition(":")
    return int(number) if kind == "user" and number.isdecimal() else None
