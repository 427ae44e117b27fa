"""A caged module that tries to get out; `doctor` prints what it could do, which must be nothing."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portal.core.sandbox.child import CagedTask

EXPECTED = {"HOME", "TMPDIR", "LANG", "TZ", "LC_CTYPE"}


def run(task: CagedTask) -> dict[str, Any]:
    """Try each way out and return the names of those that were open."""
    outside = Path(task.request["outside"])
    attempts: dict[str, Callable[[], object]] = {
        "open a socket": socket.socket,
        "read a file outside": outside.read_bytes,
        "write a file outside": lambda: outside.with_suffix(".written").write_bytes(b"x"),
        "read the list of users": Path("/etc/passwd").read_bytes,
        "start a process": _fork,
        "start a program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        "signal its parent": lambda: os.kill(os.getppid(), 0),
    }
    escapes = [name for name, attempt in attempts.items() if _possible(attempt)]
    inherited = [name for name in os.environ if name not in EXPECTED and not name.endswith(("_THREADS", "_COUNT"))]
    return {"escapes": escapes + [f"read {name} from the environment" for name in inherited], "user": os.getuid()}


def _possible(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
