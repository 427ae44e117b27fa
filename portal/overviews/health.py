"""Probes that tell whether the portal can do its work right now, in words that give nothing away to strangers."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from portal.core.clock import now
from portal.jobs import broker
from portal.jobs.selectors import pulse_of
from portal.overviews.deadlines import Asker

SECONDS = 4.0
"""No probe holds up the answer longer than this."""
SEQUENCER_QUIET_AFTER = timedelta(seconds=30)
LEAST_DISK = 512 * 1024**2
_ASKER = Asker(SECONDS)


@dataclass(frozen=True)
class Probe:
    """One thing that must hold, what is so, and what to do when it does not hold."""

    name: str
    healthy: bool
    detail: str
    remedy: str = ""


def readiness() -> list[Probe]:
    """Return the probes of /readyz; what did not answer in time is not healthy."""
    answers = _ASKER.ask({names[0]: probe for names, probe in _GROUPS.items()})
    return [probe for names in _GROUPS for probe in answers.get(names[0]) or [_silent(name) for name in names]]


def database_probe() -> Probe:
    """Return whether the database answers, to a role that may not do more than the app has to."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT rolsuper OR pg_has_role(current_user, log.relowner, 'USAGE') FROM pg_roles"
                " LEFT JOIN pg_class AS log ON log.oid = to_regclass('ledger_entry') WHERE rolname = current_user"
            )
            row = cursor.fetchone()
    except DatabaseError as error:
        return _away("database", error)
    if row and row[0]:
        remedy = "Give DATABASE_URL the app's own role: manage.py bootstrap_roles makes it."
        return Probe("database", healthy=False, detail="answers, but to a role that may do too much", remedy=remedy)
    return Probe("database", healthy=True, detail="answers")


def migrations_probe() -> Probe:
    """Return whether every migration of this code has run."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return _away("migrations", error)
    if pending:
        some = "1 has" if len(pending) == 1 else f"{len(pending)} have"
        return Probe("migrations", healthy=False, detail=f"{some} not run", remedy="Run: manage.py migrate")
    return Probe("migrations", healthy=True, detail="all have run")


def sequencer_probe() -> Probe:
    """Return whether the sequencer gave a sign of life lately."""
    remedy = "Start `manage.py sequencer`, and read its log."
    try:
        pulse = pulse_of("sequencer")
    except DatabaseError as error:
        return _away("sequencer", error)
    if pulse is None:
        return Probe("sequencer", healthy=False, detail="has never run here", remedy=remedy)
    quiet = now() - pulse
    if quiet > SEQUENCER_QUIET_AFTER:
        return Probe("sequencer", healthy=False, detail=f"silent for {quiet.total_seconds():.0f} s", remedy=remedy)
    return Probe("sequencer", healthy=True, detail="works")


def broker_probe() -> Probe:
    """Return whether the broker takes a connection."""
    if not settings.CELERY_BROKER_URL:
        remedy = "Set BROKER_URL: amqp://… or pgmq://…"
        return Probe("broker", healthy=False, detail="is not configured", remedy=remedy)
    try:
        broker.ping()
    except broker.UNREACHABLE as error:
        remedy = f"Start the broker; jobs wait in the database until then. It said: {type(error).__name__}."
        return Probe("broker", healthy=False, detail="does not answer", remedy=remedy)
    return Probe("broker", healthy=True, detail="answers")


def blob_probe() -> Probe:
    """Return whether the blob store can be written."""
    root = settings.BLOB_ROOT
    if not root.is_dir():
        return Probe("blobs", healthy=False, detail="the store is missing", remedy=f"Make or mount {root}.")
    if not os.access(root, os.W_OK | os.X_OK):
        remedy = f"Give the portal's user the folder {root}, or mount it writable."
        return Probe("blobs", healthy=False, detail="the store can not be written", remedy=remedy)
    return Probe("blobs", healthy=True, detail="can be written")


def disk_probe() -> Probe:
    """Return whether the disks of state and blobs have room."""
    short = []
    for folder in (settings.HOME, settings.BLOB_ROOT):
        try:
            if shutil.disk_usage(folder).free < LEAST_DISK:
                short.append(str(folder))
        except OSError:
            continue  # a folder that is missing is another probe's business
    if short:
        return Probe("disk", healthy=False, detail="almost full", remedy=f"Free some space for {', '.join(short)}.")
    return Probe("disk", healthy=True, detail="has room")


def _of_database() -> list[Probe]:
    first = database_probe()
    if not first.healthy and connection.connection is None:
        return [first, *(_silent(name) for name in ("migrations", "sequencer"))]
    return [first, migrations_probe(), sequencer_probe()]


def _of_broker() -> list[Probe]:
    return [broker_probe()]


def _of_disks() -> list[Probe]:
    return [blob_probe(), disk_probe()]


_GROUPS: dict[tuple[str, ...], Callable[[], list[Probe]]] = {
    ("database", "migrations", "sequencer"): _of_database,
    ("broker",): _of_broker,
    ("blobs", "disk"): _of_disks,
}
"""What is asked beside each other: each has its own way of not answering."""


def _silent(name: str) -> Probe:
    remedy = "See that the database, the broker and the disks answer: manage.py doctor"
    return Probe(name, healthy=False, detail="no answer in time", remedy=remedy)


def _away(name: str, error: Exception) -> Probe:
    remedy = f"Start the database (embedded: make run). It said: {type(error).__name__}."
    return Probe(name, healthy=False, detail="the database does not answer", remedy=remedy)
