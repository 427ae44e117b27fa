"""Bytes on the local disk, named by their SHA-256: written whole or not at all, and checked when read."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from django.conf import settings

from portal.core.errors import Conflict, Invalid, NotFound, TooLarge

CHUNK_BYTES = 1 << 20
INCOMING = "incoming"
DIGEST = re.compile(r"[0-9a-f]{64}")


class BlobDamaged(Conflict):
    """The bytes on disk are not those the name promises."""

    code = "blob_damaged"


def path_of(sha256: str) -> Path:
    """Return where the bytes of this digest lie; raises ValueError for what is no digest."""
    if not DIGEST.fullmatch(sha256):
        raise ValueError(f"{sha256[:80]!r} is not a SHA-256 digest")
    return Path(settings.BLOB_ROOT) / sha256[:2] / sha256[2:4] / sha256


@dataclass(frozen=True)
class Received:
    """Bytes that are safe on disk under a passing name, until they are kept."""

    sha256: str
    size: int
    path: Path

    def keep(self) -> None:
        """Give the bytes the name of their digest; once."""
        target = path_of(self.sha256)
        _make_folder(target.parent)
        self.path.replace(target)
        _sync_folder(target.parent)


def write(chunks: Iterable[bytes], *, expected_sha256: str | None = None, limit: int | None = None) -> tuple[str, int]:
    """Store the bytes and return their digest and size; raises as `receiving` does."""
    with receiving(chunks, expected_sha256=expected_sha256, limit=limit) as received:
        received.keep()
    return received.sha256, received.size


@contextmanager
def receiving(
    chunks: Iterable[bytes], *, expected_sha256: str | None = None, limit: int | None = None
) -> Iterator[Received]:
    """Write the bytes to disk in constant memory and yield them to be kept; what was not is removed at the end.

    Raises TooLarge above `limit` bytes, Invalid (both digests named) when they are not the expected ones.
    """
    root = Path(settings.BLOB_ROOT)
    incoming = root / INCOMING
    _make_folder(incoming)
    temporary = incoming / secrets.token_hex(16)
    try:
        digest, size = _receive(chunks, temporary, limit)
        if expected_sha256 is not None and digest != expected_sha256.lower():
            message = f"The bytes have SHA-256 {digest}; declared was {expected_sha256}."
            raise Invalid(message, code="digest_mismatch", fields={"sha256": [message]})
        yield Received(digest, size, temporary)
    finally:
        temporary.unlink(missing_ok=True)


def open_blob(sha256: str) -> BufferedReader:
    """Open the bytes for reading, unchecked; raises NotFound."""
    try:
        return path_of(sha256).open("rb")
    except FileNotFoundError:
        raise NotFound(f"The store has no bytes {sha256}.", code="blob_missing") from None


@contextmanager
def open_verified(sha256: str) -> Iterator[BufferedReader]:
    """Open the bytes after reading them once against their name; raises NotFound or BlobDamaged."""
    with open_blob(sha256) as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != sha256:
            raise BlobDamaged(f"The bytes stored as {sha256} have SHA-256 {found}.")
        stream.seek(0)
        yield stream


def remove(sha256: str) -> None:
    """Remove the bytes, if they are there."""
    path = path_of(sha256)
    path.unlink(missing_ok=True)
    if path.parent.exists():
        _sync_folder(path.parent)


def stored() -> Iterator[tuple[str, float]]:
    """Yield digest and time of last writing (seconds since 1970) of everything in the store."""
    for path in Path(settings.BLOB_ROOT).glob("??/??/*"):
        try:
            yield path.name, path.stat().st_mtime
        except FileNotFoundError:
            continue


def clear_incoming(before: float) -> int:
    """Remove what writers that died left before this time (seconds since 1970); return how many files."""
    removed = 0
    for path in (Path(settings.BLOB_ROOT) / INCOMING).glob("*"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _receive(chunks: Iterable[bytes], path: Path, limit: int | None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 | (_shared() & 0o040))
    with os.fdopen(descriptor, "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if limit is not None and size > limit:
                raise TooLarge(f"More than the limit of {limit} bytes.")
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _make_folder(folder: Path) -> None:
    """Make the folder and its parents, 0700 or as shared as the root is, each made durable in its own parent."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700 | (_shared() if Path(settings.BLOB_ROOT) in folder.parents else 0), exist_ok=True)
    _sync_folder(folder.parent)


def _shared() -> int:
    """Return what the group may do in the root: an operator whose programs have users of their own shares it so."""
    return Path(settings.BLOB_ROOT).stat().st_mode & 0o070


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
