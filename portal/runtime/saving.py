"""Make a backup of a portal, running or not: database, blobs and checkpoints in one folder, keys in another."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from portal.blobs.services import SWEEP
from portal.core.clock import now
from portal.ledger import keeping
from portal.ledger.sequencing import checkpoints_folder
from portal.ledger.tree_rows import read_head
from portal.runtime import dumps
from portal.runtime.dumps import BackupRefused
from portal.runtime.manifest import (
    BLOB_LIST,
    BLOBS,
    CHECKPOINTS,
    DATABASE,
    FORMAT,
    Manifest,
    blob_path,
    copied,
    digest_of,
    listed_blobs,
    release,
)

Tell = Callable[[str, str], None]
"""Says one step: its name and what was done."""
_TELL_EVERY = 5.0


@dataclass(frozen=True)
class _Snapshot:
    """What the database said at one instant, and the name by which pg_dump sees the same."""

    name: str
    server: int
    migrations: list[str]
    ledger_size: int
    checkpoint: str


def save(folder: Path, *, keys: Path | None, tell: Tell) -> Manifest:
    """Write a backup into a new folder and, where asked, the keys into another one.

    The order makes it whole while the portal runs:

    1. Checkpoints first. Each was in the database before it was kept, so the dump holds all of these; copied after the
       dump they could be ahead of it, and the restored log would look rolled back.
    2. Then the database, as one snapshot that the dump and the list of blobs share.
    3. Then the blobs which that snapshot names. A row is written only after its bytes lie in the store, bytes never
       change under their name, and only the sweeper removes any: it stands aside while we hold its lock.
    4. The manifest last: a folder without one is no backup.
    """
    _refuse_taken(folder)
    if keys is not None:
        _refuse_taken(keys)
        if keys.resolve().is_relative_to(folder.resolve()) or folder.resolve().is_relative_to(keys.resolve()):
            raise BackupRefused("Keys go to a folder of their own, outside that of the data: --keys <other folder>.")
    owner_url = settings.DATABASE_OWNER_URL or ""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    kept = _save_checkpoints(partial, tell)
    try:
        with _snapshot(owner_url, partial) as snapshot:
            tell("Database", f"PostgreSQL {snapshot.server}, ledger of {snapshot.ledger_size:,} entries")
            dumps.dump(url=owner_url, snapshot=snapshot.name, target=partial / DATABASE, major=snapshot.server)
            tell("", f"{(partial / DATABASE).stat().st_size:,} bytes in {DATABASE}")
            blobs, blob_bytes = _save_blobs(partial, tell)
    except psycopg.OperationalError as error:
        raise BackupRefused(f"The database does not answer: {error}. Start it, or see manage.py doctor.") from error
    files = {name: _facts(partial / name) for name in (DATABASE, BLOB_LIST, *kept)}
    manifest = Manifest(
        format=FORMAT,
        release=release(),
        made_at=now().isoformat(timespec="seconds"),
        server=snapshot.server,
        roles=dict(settings.DATABASE_ROLES),
        migrations=snapshot.migrations,
        origin=settings.LEDGER_ORIGIN,
        ledger_size=snapshot.ledger_size,
        checkpoint=snapshot.checkpoint,
        blobs=blobs,
        blob_bytes=blob_bytes,
        files=files,
    )
    manifest.write(partial)
    if folder.exists():
        folder.rmdir()  # it is empty, and a new one is private
    partial.rename(folder)
    if keys is not None:
        _save_keys(keys, tell)
    return manifest


def _refuse_taken(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupRefused(f"{folder} is not empty. Name a new folder for each backup.")


def _save_checkpoints(folder: Path, tell: Tell) -> list[str]:
    """Copy what is kept outside the database; return the paths in the backup."""
    count = keeping.copy(checkpoints_folder(), folder / CHECKPOINTS)
    tell("Checkpoints", f"{count:,} kept outside the database" if count else "none yet")
    return [f"{CHECKPOINTS}/{name}" for name in keeping.NAMES] if count else []


@contextmanager
def _snapshot(owner_url: str, folder: Path) -> Iterator[_Snapshot]:
    """Hold one instant of the database, with its list of blobs written down, and the sweeper at bay."""
    with psycopg.connect(owner_url, connect_timeout=10, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock_shared(%s)", [SWEEP])
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            exported = cursor.execute("SELECT pg_export_snapshot()").fetchone()
            found = cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id").fetchall()
            head = read_head(cursor)
            _list_blobs(connection, folder / BLOB_LIST)
            yield _Snapshot(
                name=exported[0] if exported else "",
                server=dumps.server_major(connection),
                migrations=[row[0] for row in found],
                ledger_size=head.size if head else 0,
                checkpoint=head.note if head else "",
            )


def _list_blobs(connection: psycopg.Connection, path: Path) -> None:
    with path.open("w") as lines, connection.cursor(name="blobs") as cursor:
        for (sha256,) in cursor.execute("SELECT sha256 FROM blobs_blob ORDER BY sha256"):
            lines.write(f"{sha256}  {blob_path(Path(BLOBS), sha256)}\n")


def _save_blobs(folder: Path, tell: Tell) -> tuple[int, int]:
    """Copy the listed blobs, each held against its name; return how many and their bytes."""
    count, total, told = 0, 0, time.monotonic()
    for sha256 in listed_blobs(folder):
        try:
            digest, size = copied(blob_path(settings.BLOB_ROOT, sha256), blob_path(folder / BLOBS, sha256))
        except FileNotFoundError:
            raise BackupRefused(
                f"The store {settings.BLOB_ROOT} has no bytes {sha256}, which a row names. Put the file back from an "
                "earlier backup; until then no backup would be whole."
            ) from None
        if digest != sha256:
            raise BackupRefused(
                f"The bytes stored as {sha256} have SHA-256 {digest}: the file is damaged. Put it back from an earlier "
                "backup; until then no backup would be whole."
            )
        count, total = count + 1, total + size
        if time.monotonic() - told > _TELL_EVERY:
            tell("Blobs", f"{count:,} so far, {total:,} bytes")
            told = time.monotonic()
    tell("Blobs", f"{count:,} copied and checked, {total:,} bytes")
    return count, total


def _save_keys(folder: Path, tell: Tell) -> None:
    """Copy the keys, 0600 in a folder of their own (0700)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    names = []
    for path in sorted(path for path in settings.KEYS_DIR.rglob("*") if path.is_file()):
        name = path.relative_to(settings.KEYS_DIR)
        copied(path, folder / name)
        (folder / name).chmod(0o600)
        names.append(str(name))
    tell("Keys", f"{', '.join(names)} in {folder}")


def _facts(path: Path) -> dict[str, Any]:
    path.chmod(0o600)
    sha256, size = digest_of(path)
    return {"sha256": sha256, "size": size}
