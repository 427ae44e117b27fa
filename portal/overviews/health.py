"""Probes that tell whether the portal can do its work right now."""

from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


@dataclass(frozen=True)
class Probe:
    """One thing that must hold, and what to do when it does not."""

    name: str
    healthy: bool
    detail: str


def readiness() -> list[Probe]:
    """Return the probes of /readyz: database, migrations, blob store."""
    return [database_probe(), migrations_probe(), blob_probe()]


def database_probe() -> Probe:
    """Return whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Probe("database", healthy=False, detail=f"The database does not answer: {error}")
    return Probe("database", healthy=True, detail="answers")


def migrations_probe() -> Probe:
    """Return whether every migration of this code has run."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Probe("migrations", healthy=False, detail=f"The database does not answer: {error}")
    if pending:
        return Probe("migrations", healthy=False, detail=f"{len(pending)} migrations have not run: manage.py migrate")
    return Probe("migrations", healthy=True, detail="all have run")


def blob_probe() -> Probe:
    """Return whether the blob store can be written."""
    root = settings.BLOB_ROOT
    if not root.is_dir():
        return Probe("blobs", healthy=False, detail=f"{root} is missing")
    return Probe("blobs", healthy=True, detail="present")
