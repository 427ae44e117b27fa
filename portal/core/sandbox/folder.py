"""A child's temporary folder: made, locked while its parent lives, removed however deep the child made it."""

import fcntl
import os
import shutil
import stat
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "countersign-cage-"
ORPHAN_SECONDS = 60


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder of mode 0700 and remove it; folders whose parents were killed go, too."""
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        remove(folder)
        os.close(lock)


def sweep() -> None:
    """Remove the folders of parents that ended without doing so: nobody holds their lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            # Root's child gives the folder its own user; another person's folders can't be opened or are locked.
            if time.time() - os.lstat(folder).st_mtime < ORPHAN_SECONDS:
                continue
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(folder)
        except OSError:
            continue
        finally:
            os.close(handle)


def remove(folder: Path) -> None:
    """Remove a tree by lifting what is deep to the top: no recursion, whatever its depth or modes."""
    while True:
        inner = [entry for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
        if not inner:
            break
        for entry in inner:
            Path(entry).chmod(stat.S_IRWXU)
            for deeper in list(os.scandir(entry)):
                if deeper.is_dir(follow_symlinks=False):
                    Path(deeper).chmod(stat.S_IRWXU)
                    Path(deeper).rename(folder / uuid.uuid4().hex)
            shutil.rmtree(entry)
    shutil.rmtree(folder)


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a tree, not following links."""
    total, waiting = 0, [str(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:  # gone meanwhile
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
            except FileNotFoundError:
                continue
    return total
