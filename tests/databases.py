"""The suite's own PostgreSQL: one server for all workers, one migrated template, one copy of it per worker.

Without TEST_DATABASE_OWNER_URL an embedded server is started in a temporary folder, with fsync off. With it the
suite uses that server, as a role that may create roles and databases, and removes afterwards what it made.
Tests run as the app role; `settings.DATABASE_OWNER_URL` and `settings.DATABASE_SEQUENCER_URL` are the other two.
A test that commits (`transaction=True`) ends with dropping its database and copying the template again, because a
flush would meet the triggers that refuse TRUNCATE.
"""

import atexit
import fcntl
import gc
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import django
import psycopg
from psycopg import sql

from portal.env import BASE_DIR
from portal.runtime import postgres
from portal.runtime.keys import make_keys
from portal.runtime.roles import bootstrap, bootstrap_queue

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
METRICS_TOKEN = "of the tests"
MEMORY, ROOM = Path("/dev/shm"), 4_000_000_000  # noqa: S108 (what is made there is private)
_VARIABLES = ("ROOT", "ADMIN_URL", "PREFIX", "PASSWORD")


def _shared(name: str) -> str:
    """Return what the first process of the run told its workers."""
    return os.environ[f"COUNTERSIGN_TEST_{name}"]


def open_suite() -> None:
    """Start the run's server, once, in the process that starts the workers; arrange its end."""
    # In memory where there is room: a fresh database is a thousand files, which some disks take half a second to make.
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    root = Path(tempfile.mkdtemp(prefix="countersign-tests-", dir=MEMORY if roomy else None))
    root.chmod(0o711)  # as root, the server's user must get to its folder
    os.environ["TMPDIR"] = tempfile.tempdir = str(root)
    external = os.environ.get("TEST_DATABASE_OWNER_URL")
    server = None if external else postgres.start(root / "postgres", fast=True)
    values = (str(root), external or (server.url() if server else ""), f"cs{secrets.token_hex(4)}", secrets.token_hex())
    os.environ.update({f"COUNTERSIGN_TEST_{name}": value for name, value in zip(_VARIABLES, values, strict=True)})
    atexit.register(_close_suite, os.getpid(), root, server)


def _close_suite(process: int, root: Path, server: postgres.Server | None) -> None:
    """Stop the embedded server, or remove what was made on somebody else's."""
    if os.getpid() != process:
        return
    if server is not None:
        server.stop()
    else:
        with psycopg.connect(_shared("ADMIN_URL"), autocommit=True) as admin:
            like = _shared("PREFIX") + "%"
            for (name,) in admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [like]).fetchall():
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            for (name,) in admin.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [like]).fetchall():
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
    shutil.rmtree(root, ignore_errors=True)


def url_of(role: str, database: str) -> str:
    """Return a URL for one of the suite's three roles ("owner", "app", "sequencer")."""
    parts = urlsplit(_shared("ADMIN_URL"))
    host = parts.netloc.rpartition("@")[2]
    login = f"{_shared('PREFIX')}_{role}:{quote(_shared('PASSWORD'))}@"
    return urlunsplit(parts._replace(netloc=login + host, path=f"/{database}"))


def database_of(worker: str) -> str:
    """Return the name of a worker's database; "template" is the migrated one."""
    return f"{_shared('PREFIX')}_{worker}"


def variables_for(worker: str) -> dict[str, str]:
    """Return the portal's environment for a worker: a home, three URLs, a broker in memory."""
    home = Path(_shared("ROOT")) / f"home-{worker}"
    return {
        "COUNTERSIGN_HOME": str(home),
        "DATABASE_URL": url_of("app", database_of(worker)),
        "DATABASE_OWNER_URL": url_of("owner", database_of(worker)),
        "DATABASE_SEQUENCER_URL": url_of("sequencer", database_of(worker)),
        "BROKER_URL": "memory://",
        "METRICS_TOKEN": METRICS_TOKEN,
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1],testserver",
    }


def enter_worker() -> None:
    """Point this process at its own home and database, before Django reads its settings."""
    variables = variables_for(WORKER)
    for name in ("KEYS_DIR", "BLOB_ROOT", "DEBUG", "PRODUCTION", "PUBLIC_URL", "PORT", "LEDGER_ORIGIN"):
        os.environ.pop(name, None)
    os.environ.update(variables)
    make_keys(Path(variables["COUNTERSIGN_HOME"]) / "keys")
    (Path(variables["COUNTERSIGN_HOME"]) / "static").mkdir(exist_ok=True)
    # Not left behind: a worker that inherits it would read the settings before it knows its database.
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()
    gc.freeze()  # what is loaded now stays, and need not be walked through at every collection
    del os.environ["DJANGO_SETTINGS_MODULE"]


def ensure_template() -> None:
    """Make roles and the migrated template, whichever worker comes first; the others wait."""
    root = Path(_shared("ROOT"))
    with (root / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = root / "template.done"
        if done.exists():
            return
        variables = variables_for("template")
        bootstrap(
            admin_url=_shared("ADMIN_URL"),
            app_url=variables["DATABASE_URL"],
            owner_url=variables["DATABASE_OWNER_URL"],
            sequencer_url=variables["DATABASE_SEQUENCER_URL"],
        )
        make_keys(Path(variables["COUNTERSIGN_HOME"]) / "keys")
        command = [sys.executable, str(BASE_DIR / "manage.py"), "migrate", "--no-input", "--skip-checks", "-v0"]
        migrated = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
        if migrated.returncode != 0:
            raise RuntimeError(f"the test database could not be migrated:\n{migrated.stderr}")
        done.touch()


def copy_template() -> None:
    """Give this worker a fresh copy of the template in place of what it had, and no checkpoint of a former log."""
    shutil.rmtree(Path(variables_for(WORKER)["COUNTERSIGN_HOME"]) / "checkpoints", ignore_errors=True)
    database = sql.Identifier(database_of(WORKER))
    with psycopg.connect(_shared("ADMIN_URL"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        copy = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        owner, template = sql.Identifier(f"{_shared('PREFIX')}_owner"), sql.Identifier(database_of("template"))
        admin.execute(copy.format(database, owner, template))


def make_queue() -> str:
    """Make this worker's pgmq database and return its pgmq:// URL."""
    ensure_template()
    url = url_of("app", f"{database_of(WORKER)}_queue").replace("postgresql://", "pgmq://", 1)
    bootstrap_queue(admin_url=_shared("ADMIN_URL"), queue_url=url)
    return url
