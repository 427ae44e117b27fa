"""Checkpoints kept outside the database, in HOME/checkpoints: what reveals a log that was rolled back or rewritten.

The keys that verify them lie beside them, oldest first: those of the database would be its administrators' to choose.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

LATEST = "latest"
HISTORY = "history.jsonl"
VERIFIERS = "keys"
NAMES = (HISTORY, LATEST, VERIFIERS)
LONGEST_LINE = 65_536


def latest(folder: Path) -> str | None:
    """Return the newest note kept, or None when there is none yet."""
    path = folder / LATEST
    return path.read_text() if path.exists() else None


def history(folder: Path) -> Iterator[str]:
    """Return every note kept up to this call, oldest first; a last line that a crash cut off is left out."""
    path = folder / HISTORY
    return _lines(path, path.stat().st_size) if path.exists() else iter(())


def keep(folder: Path, note: str) -> None:
    """Keep a note: durable in the history, then as the newest one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _open(folder / HISTORY, os.O_RDWR | os.O_APPEND)
    with os.fdopen(descriptor, "r+b") as file:
        # What a crash cut off was never the newest note: it goes, so that the new one starts a line of its own.
        tail = file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_LINE))
        rest = file.read()
        file.truncate(tail + rest.rfind(b"\n") + 1)
        file.write(json.dumps(note).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    _replace(folder, LATEST, note)


def copy(folder: Path, target: Path) -> int:
    """Copy what is kept up to this call into an empty folder, durable; return how many notes."""
    newest = latest(folder)  # read first: a note stands in the history before it is the newest
    if newest is None:
        return 0
    target.mkdir(mode=0o700, parents=True)
    count = 0
    descriptor = os.open(target / HISTORY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        for count, note in enumerate(history(folder), 1):  # noqa: B007  (the last one is the count)
            file.write(json.dumps(note) + "\n")
        file.flush()
        os.fsync(file.fileno())
    _replace(target, LATEST, newest)
    # Last: a key is kept here before it signs.
    _replace(target, VERIFIERS, "".join(f"{line}\n" for line in verifiers(folder)))
    return count


def verifiers(folder: Path) -> list[str]:
    """Return the verifier keys kept, oldest first, a line each (C2SP signed-note)."""
    path = folder / VERIFIERS
    return path.read_text().splitlines() if path.exists() else []


def keep_verifier(folder: Path, verifier: str) -> None:
    """Keep another verifier key behind the others: all of them, or as before."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace(folder, VERIFIERS, "".join(f"{line}\n" for line in (*verifiers(folder), verifier)))


def _open(path: Path, flags: int) -> int:
    """Open or make a file that its owner alone reads; root makes it for the folder's owner, who goes on with it."""
    descriptor = os.open(path, flags | os.O_CREAT, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def _replace(folder: Path, name: str, content: str) -> None:
    """Write a file durably under its name, complete or not at all."""
    temporary = folder / f"{name}.new"
    descriptor = _open(temporary, os.O_WRONLY | os.O_TRUNC)
    with os.fdopen(descriptor, "w") as text:
        text.write(content)
        text.flush()
        os.fsync(text.fileno())
    temporary.replace(folder / name)
    folder_descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder_descriptor)
    finally:
        os.close(folder_descriptor)


def _lines(path: Path, end: int) -> Iterator[str]:
    with path.open("rb") as lines:
        for line in lines:
            end -= len(line)
            if end < 0 or not line.endswith(b"\n"):
                return
            yield json.loads(line)
