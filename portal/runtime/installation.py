"""What an installation on one machine consists of: its variables, its databases, its programs."""

import hashlib
import hmac
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import ConnectionHandler
from psycopg import sql

from portal.env import BASE_DIR, read_environment
from portal.runtime.postgres import Server, start
from portal.runtime.roles import bootstrap, bootstrap_queue
from portal.runtime.soundness import refusals
from portal.runtime.supervisor import Program, environment_of
from portal.settings import database

DATABASE, QUEUE_DATABASE = "countersign", "countersign_queue"
_URLS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL")


class EnvironmentIncomplete(RuntimeError):
    """Some variables are given and others that go with them are not."""


class Unsound(RuntimeError):
    """A program would refuse to start as it is set up for production."""


def needs_embedded_server(given: Mapping[str, str]) -> bool:
    """Say whether `up` has to bring its own PostgreSQL; raises EnvironmentIncomplete for half a set of URLs."""
    present = [name for name in _URLS if given.get(name)]
    if not present:
        return True
    wanted = [name for name in (*_URLS, "BROKER_URL") if not given.get(name)]
    if wanted:
        raise EnvironmentIncomplete(f"{present[0]} is set, so {', '.join(wanted)} must be set, too.")
    return False


@contextmanager
def server_at_hand() -> Iterator[Server | None]:
    """Share the home's running embedded server, or start it for the time being; None where it is somebody else's.

    Raises PostgresUnusable.
    """
    if not needs_embedded_server(os.environ):
        yield None
        return
    server = start(settings.HOME / "postgres")
    try:
        yield server
    finally:
        server.stop()


def embedded_variables(server: Server, given: Mapping[str, str]) -> dict[str, str]:
    """Return the URLs of the three roles and of the broker on the embedded server; a given broker stays."""

    def url(role: str, database_name: str) -> str:
        # One secret to keep: the roles' passwords follow from the superuser's.
        secret = hmac.new(server.password.encode(), role.encode(), hashlib.sha256).hexdigest()
        return server.url(database_name, f"countersign_{role}", secret)

    return {
        "DATABASE_URL": url("app", DATABASE),
        "DATABASE_OWNER_URL": url("owner", DATABASE),
        "DATABASE_SEQUENCER_URL": url("sequencer", DATABASE),
        "BROKER_URL": given.get("BROKER_URL") or url("app", QUEUE_DATABASE).replace("postgresql://", "pgmq://", 1),
    }


def bootstrap_databases(server: Server, variables: Mapping[str, str]) -> None:
    """Make roles and databases on the embedded server."""
    admin = server.url()
    bootstrap(
        admin_url=admin,
        app_url=variables["DATABASE_URL"],
        owner_url=variables["DATABASE_OWNER_URL"],
        sequencer_url=variables["DATABASE_SEQUENCER_URL"],
    )
    if variables["BROKER_URL"].startswith("pgmq://"):
        bootstrap_queue(admin_url=admin, queue_url=variables["BROKER_URL"])


def pending_migrations(owner_url: str) -> int:
    """Return how many migrations have not run; all of them in an empty database."""
    parts = database(owner_url)
    parts["OPTIONS"].pop("pool", None)
    connection = ConnectionHandler({"default": parts})["default"]
    try:
        executor = MigrationExecutor(connection)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        raise EnvironmentIncomplete(f"DATABASE_OWNER_URL does not answer: {error}") from error
    finally:
        connection.close()


def lacks(owner_url: str, table: str) -> bool:
    """Say whether a table of the migrated database has no row."""
    with psycopg.connect(owner_url, connect_timeout=10) as connection:
        found = connection.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))).fetchone()
    return found == (False,)


def write_private(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON that only its owner reads (0600), complete or not at all."""
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        json.dump(content, handle, indent=1)
    partial.rename(path)


def programs(port: int) -> list[Program]:
    """Return what runs beside the database, in the order of starting."""
    manage = [sys.executable, str(BASE_DIR / "manage.py")]
    celery = [sys.executable, "-m", "celery", "-q", "-A", "portal.celery"]
    worker = [*celery, "worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    web = [sys.executable, "-m", "granian", "--interface=wsgi", "--host=127.0.0.1", f"--port={port}"]
    web += [f"--workers={os.cpu_count() or 1}", "--blocking-threads=16", "--respawn-failed-workers"]
    web += ["--respawn-interval=0.5", "--workers-kill-timeout=5", "--no-ws"]
    web += ["--log-config", str(BASE_DIR / "portal" / "runtime" / "granian.json"), "portal.wsgi:application"]
    return [
        Program("web", web, kind="web"),
        # Names end in @local: those of long hosts make queue names longer than pgmq takes.
        Program(
            "worker",
            [*worker, "-n", "short@local", "-Q", "intake,monitoring,reports,notices", "-c", "2"],
            15,
            3,
            kind="worker",
        ),
        Program("long-worker", [*worker, "-n", "long@local", "-Q", "validation", "-c", "1"], 15, 5, True, "worker"),
        Program("beat", [*celery, "beat", "--loglevel=WARNING", "--pidfile="], niceness=3, kind="beat"),
        Program("sequencer", [*manage, "sequencer"], kind="sequencer"),
    ]


def require_sound(variables: Mapping[str, str], port: int) -> None:
    """Raise Unsound with all that would keep a program from starting in production."""
    reasons: dict[str, None] = {}
    for program in programs(port):
        given = environment_of(program, variables)
        reasons |= dict.fromkeys(refusals(read_environment(given), given))
    if reasons:
        raise Unsound("\n".join(["Countersign does not start in production:", *(f"  {one}" for one in reasons)]))
