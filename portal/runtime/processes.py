"""Processes as the kernel knows them: told apart by number and start time, found by a mark, ended for certain."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

MARK = "COUNTERSIGN_LIFE"
"""The variable that every process of one life of `up` inherits."""


def start_time(process: int) -> int | None:
    """Return when the process started, in clock ticks since boot; None when there is none (or only its corpse)."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def marked(mark: str) -> list[int]:
    """Return the living processes whose environment carries the mark, but not this one."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0") and start_time(int(folder.name)) is not None:
                found.append(int(folder.name))
    return found


def end(processes: list[int], *, seconds: float = 10) -> None:
    """Kill the processes and wait until they are gone; raises TimeoutError with those that stay."""
    deadline = time.monotonic() + seconds
    left = {process: start_time(process) for process in processes}
    while left := {process: since for process, since in left.items() if since and start_time(process) == since}:
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {sorted(left)} do not end")
        time.sleep(0.02)
