"""What a backup says of itself: digests, versions, and how far the ledger reaches."""

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from portal.blobs.store import CHUNK_BYTES, DIGEST
from portal.env import BASE_DIR
from portal.runtime.dumps import BackupRefused

FORMAT = 1
MANIFEST, DATABASE, BLOBS, BLOB_LIST, CHECKPOINTS = (
    "manifest.json",
    "database.dump",
    "blobs",
    "blobs.sha256",
    "checkpoints",
)


@dataclass(frozen=True)
class Manifest:
    """The facts of one backup. Blobs are listed in a file of their own, in the manner of sha256sum."""

    format: int
    release: str
    made_at: str
    server: int
    """The server's major version."""
    roles: dict[str, str]
    migrations: list[str]
    origin: str
    ledger_size: int
    checkpoint: str
    """The note of the newest checkpoint in the dump; empty before the first."""
    blobs: int
    blob_bytes: int
    files: dict[str, dict[str, Any]]
    """Path in the backup: sha256 and size, of everything but blobs and this file."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a backup's manifest; raises BackupRefused for what is none."""
        path = folder / MANIFEST
        if not path.exists():
            raise BackupRefused(f"{folder} has no {MANIFEST}: it is no backup, or one that did not come to its end.")
        try:
            values = json.loads(path.read_text())
            found = values["format"]
            if found != FORMAT:
                raise BackupRefused(f"{path} is of format {found}, known is {FORMAT}: use the release that made it.")
            return cls(**values)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupRefused(f"{path} is damaged: {error}. Use another backup.") from error

    def write(self, folder: Path) -> None:
        """Write the manifest, durable, as the last file of a backup."""
        descriptor = os.open(folder / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file, indent=1)
            file.flush()
            os.fsync(file.fileno())


def release() -> str:
    """Return this release's version."""
    version: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
    return version


def digest_of(path: Path) -> tuple[str, int]:
    """Return a file's SHA-256 and size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def copied(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file, durable, with its mode and (as root) its owner; return SHA-256 and size of what was read."""
    digest, size = hashlib.sha256(), 0
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as file, os.fdopen(descriptor, "wb") as copy:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            copy.write(chunk)
            size += len(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    shutil.copystat(source, target)
    if os.geteuid() == 0:
        owner = source.stat()
        os.chown(target, owner.st_uid, owner.st_gid)
    return digest.hexdigest(), size


def blob_path(folder: Path, sha256: str) -> Path:
    """Return where a blob lies in a store or a backup's copy of one."""
    return folder / sha256[:2] / sha256[2:4] / sha256


def listed_blobs(folder: Path) -> Iterator[str]:
    """Yield the digests that a backup's list of blobs names; raises BackupRefused for a line that is none."""
    with (folder / BLOB_LIST).open() as lines:
        for line in lines:
            sha256 = line[:64]
            if not DIGEST.fullmatch(sha256):
                raise BackupRefused(f"{folder / BLOB_LIST} is damaged. Use another backup.")
            yield sha256
