"""What the whole installation counts, read from the database, the broker and the disks when somebody asks.

Every web process gives the same answer. A part that can not be read is told as such and hides no other.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Sum

from portal.blobs.models import Blob
from portal.core.clock import now
from portal.jobs import selectors as jobs
from portal.jobs.broker import UNREACHABLE, queue_depths
from portal.ledger.selectors import health
from portal.overviews.deadlines import Asker

SECONDS = 4.0
STATEMENT_MILLISECONDS = 3000
SEQUENCER = "sequencer"
logger = logging.getLogger(__name__)
_ASKER = Asker(SECONDS)


@dataclass(frozen=True)
class Figure:
    """One number under a name, with what tells it from others of that name."""

    name: str
    meaning: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


Part = Callable[[], Iterator[Figure]]


def figures() -> list[Figure]:
    """Return every figure that can be had within seconds, and for each part whether it could be read."""
    answers = _ASKER.ask({"database": _from_database, "broker": _from_broker, "disk": _from_disk})
    found = [figure for answer in answers.values() for figure in answer]
    named = {figure.labels["part"] for figure in found if figure.name == "part_answers"}
    silent = [name for name in ("database", "broker", "disk") if name not in answers]
    silent += [name for name in _DATABASE if name not in named] if "database" in silent else []
    return [*found, *(_told(name, answers=False) for name in silent)]


def _from_database() -> list[Figure]:
    found = [_told("database", answers=True)]
    for name, part in _DATABASE.items():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_MILLISECONDS}")
                found += [*part(), _told(name, answers=True)]
        except DatabaseError as error:
            logger.warning("the figures of %s can not be read: %s", name, error)
            found.append(_told(name, answers=False))
    return found


def _from_broker() -> list[Figure]:
    try:
        depths = queue_depths()
    except UNREACHABLE as error:
        logger.warning("the broker does not tell the depth of its queues: %s", error)
        return [_told("broker", answers=False)]
    meaning = "Messages that wait in a queue of the broker."
    return [
        _told("broker", answers=True),
        *(Figure("queue_messages", meaning, depth.messages, {"queue": depth.queue}) for depth in depths),
    ]


def _from_disk() -> list[Figure]:
    found, whole = [], True
    for name, folder in (("home", settings.HOME), ("blobs", settings.BLOB_ROOT)):
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            whole = False
            continue
        found.append(Figure("disk_free_bytes", "Free bytes where state lives.", usage.free, {"of": name}))
        found.append(Figure("disk_size_bytes", "Size of the disk where state lives.", usage.total, {"of": name}))
    return [*found, _told("disk", answers=whole)]


def _jobs() -> Iterator[Figure]:
    for kind, state, count in jobs.counts():
        yield Figure("jobs", "Jobs by kind and state.", count, {"kind": kind, "state": state})
    for one in jobs.waiting():
        meaning = "Age of the oldest job that nobody has begun; 0 where none waits."
        yield Figure("jobs_oldest_waiting_seconds", meaning, _age(one.since), {"queue": one.queue})


def _ledger() -> Iterator[Figure]:
    state = health()
    yield Figure("ledger_entries", "Entries in the log.", state.size)
    yield Figure("ledger_pending_entries", "Entries that wait for their place.", state.pending)
    yield Figure(
        "ledger_lag_seconds", "Age of the oldest entry that waits; 0 where none does.", _age(state.waiting_since)
    )
    if state.signed_at:
        meaning = "Age of the newest checkpoint; grows while nothing happens."
        yield Figure("ledger_checkpoint_age_seconds", meaning, _age(state.signed_at))
    if pulse := jobs.pulse_of(SEQUENCER):
        yield Figure("sequencer_pulse_age_seconds", "Time since the sequencer's last sign of life.", _age(pulse))
    parked = sum(1 for cursor in state.failing if cursor.parked_at)
    meaning = "Subscribers that failed: retrying, or parked for a person."
    yield Figure("subscribers", meaning, parked, {"state": "parked"})
    yield Figure("subscribers", meaning, len(state.failing) - parked, {"state": "retrying"})


def _blobs() -> Iterator[Figure]:
    total = Blob.objects.aggregate(count=Count("pk"), bytes=Sum("size"))
    yield Figure("blobs", "Files in the store.", total["count"])
    yield Figure("blob_bytes", "Bytes in the store.", total["bytes"] or 0)


def _database() -> Iterator[Figure]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database()),"
            " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),"
            " current_setting('max_connections')::int"
        )
        size, connected, most = cursor.fetchone()
    yield Figure("database_bytes", "Size of the database.", size)
    yield Figure("database_connections", "Connections to the database, of all programs.", connected)
    yield Figure("database_connections_limit", "Connections that the server allows.", most)


_DATABASE: dict[str, Part] = {"jobs": _jobs, "ledger": _ledger, "blobs": _blobs, "server": _database}


def _told(name: str, *, answers: bool) -> Figure:
    return Figure("part_answers", "1 where this part could be read, 0 where not.", float(answers), {"part": name})


def _age(since: datetime | None) -> float:
    return max(0.0, (now() - since).total_seconds()) if since else 0.0
