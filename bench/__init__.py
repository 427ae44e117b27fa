"""Benchmarks: each runs as a program of its own, on servers of its own, and ends with one line of JSON."""

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from portal.runtime import postgres
from portal.runtime.keys import make_keys
from portal.runtime.roles import bootstrap

if TYPE_CHECKING:
    from portal.accounts.models import User

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN = 60.0


@contextmanager
def installation(*apps: str) -> Iterator[postgres.Server]:
    """Start an embedded server with fsync on, make roles, keys and tables; this process and its children use them.

    Without names every app is migrated.
    """
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)  # as root, the server's user must get to its folder
        server = postgres.start(home / "postgres")
        try:
            urls = {name: server.url("bench", f"bench_{name}", "bench") for name in ("owner", "app", "sequencer")}
            bootstrap(
                admin_url=server.url(),
                app_url=urls["app"],
                owner_url=urls["owner"],
                sequencer_url=urls["sequencer"],
            )
            make_keys(home / "keys")
            for name in ("blobs", "static"):
                (home / name).mkdir()
            os.environ |= {
                "COUNTERSIGN_HOME": str(home),
                "DATABASE_URL": urls["app"],
                "DATABASE_OWNER_URL": urls["owner"],
                "DATABASE_SEQUENCER_URL": urls["sequencer"],
                "DJANGO_SETTINGS_MODULE": "portal.settings",
            }
            migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--skip-checks", "-v0"]
            for app in apps or ("",):
                subprocess.run([*migrate, *filter(None, [app])], check=True)
            yield server
        finally:
            server.stop()


def report(bench: str, figures: Mapping[str, float | int | None]) -> None:
    """Print the one line that programs read."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    print(json.dumps({"bench": bench, "figures": dict(figures), "machine": machine}))


def session_cookie(reader: "User") -> str:
    """Sign a person in and return the cookie of the session."""
    from django.conf import settings  # noqa: PLC0415  (needs `installation` first)
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(reader.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = reader.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def order_entries() -> int:
    """Let the sequencer order what was written, and the database learn what its tables hold; return how many entries.

    A portal that is in use has had both done.
    """
    from portal.ledger.sequencing import sequence_batch  # noqa: PLC0415  (needs `installation` first)

    entries = 0
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as sequencer:
        while count := sequence_batch(sequencer):
            entries += count
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    return entries


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(application: str = "", **variables: str) -> Iterator[int]:
    """Run the web server as `up` does, with another application where one is named; yield its port."""
    from portal.runtime.installation import programs  # noqa: PLC0415  (needs `installation` first)

    port = free_port()
    command = next(program for program in programs(port) if program.name == "web").command
    command = [*command[:-1], application or command[-1]]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)
