"""Benchmarks: each runs as a program of its own, on servers of its own, and ends with one line of JSON."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from portal.runtime import postgres
from portal.runtime.keys import make_keys
from portal.runtime.roles import bootstrap

ROOT = Path(__file__).resolve().parent.parent


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
