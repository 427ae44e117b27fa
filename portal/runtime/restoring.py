"""Put a backup into an empty home or an empty database: everything is checked before anything is touched."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from portal.env import BASE_DIR
from portal.ledger import epochs, keeping, notes
from portal.ledger.sequencing import checkpoints_folder
from portal.runtime import dumps, installation, roles
from portal.runtime.dumps import BackupRefused
from portal.runtime.manifest import BLOBS, CHECKPOINTS, DATABASE, Manifest, blob_path, copied, digest_of, listed_blobs
from portal.runtime.roles import Login
from portal.runtime.saving import Tell

CHECKPOINT_KEY = "checkpoint.key"


@dataclass(frozen=True)
class Restored:
    """What was restored, and whether the ledger is intact; `said` is what verification said."""

    manifest: Manifest
    intact: bool
    said: str


def restore(folder: Path, *, keys: Path | None, tell: Tell) -> Restored:
    """Restore the backup and verify the ledger; raises BackupRefused before anything is touched where it can't be."""
    manifest = Manifest.read(folder)
    newer = _check_release(manifest)
    _check_files(folder, manifest, tell)
    _check_keys(folder, keys, manifest)
    _check_folders(keys)
    with _only_one(), installation.server_at_hand() as server:
        variables = dict(os.environ)
        if server is not None:
            # In a new home these make the roles and an empty database, which is where a restore begins.
            variables |= {"COUNTERSIGN_HOME": str(settings.HOME), **installation.embedded_variables(server, os.environ)}
            installation.bootstrap_databases(server, variables)
            tell("PostgreSQL", f"an embedded server in {settings.HOME / 'postgres'}")
        _check_database(variables, manifest)
        _put_keys(keys, tell)
        _put_checkpoints(folder, manifest, tell)
        _put_database(folder, manifest, variables, tell)
        _put_blobs(folder, manifest, tell)
        if server is not None:
            chosen = {name: value for name, value in variables.items() if os.environ.get(name) != value}
            installation.write_private(settings.HOME / "run" / "environment.json", chosen)
        if newer:
            _manage(["migrate", "--no-input", "--skip-checks", "-v0"], variables)
            tell("Migrations", f"{newer} applied that are newer than the backup")
        verified = _manage(["verify_ledger"], variables, may_fail=True)
    return Restored(manifest, verified.returncode == 0, (verified.stdout + verified.stderr).strip())


def _check_release(manifest: Manifest) -> int:
    """Refuse what a newer release made, or another log; return how many migrations are newer than the backup."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations or ()}
    if unknown := sorted(set(manifest.migrations) - known):
        raise BackupRefused(
            f"The backup was made by release {manifest.release}, whose tables this one does not know "
            f"({unknown[0]}). Restore it with that release or a later one."
        )
    if manifest.origin != settings.LEDGER_ORIGIN:
        raise BackupRefused(
            f"The backup's ledger is {manifest.origin}; this portal's is {settings.LEDGER_ORIGIN}. "
            f"Set LEDGER_ORIGIN={manifest.origin}."
        )
    return len(known - set(manifest.migrations))


def _check_files(folder: Path, manifest: Manifest, tell: Tell) -> None:
    """Hold every file against its digest."""
    for name, facts in manifest.files.items():
        path = folder / name
        if not path.is_file() or digest_of(path) != (facts["sha256"], facts["size"]):
            raise BackupRefused(f"{path} is missing or not what the backup wrote. Use another backup.")
    count = 0
    for sha256 in listed_blobs(folder):
        path = blob_path(folder / BLOBS, sha256)
        if not path.is_file() or digest_of(path)[0] != sha256:
            raise BackupRefused(f"{path} is missing or damaged. Copy it from another backup, or use that one.")
        count += 1
    if count != manifest.blobs:
        raise BackupRefused(f"{folder} lists {count} blobs, its manifest says {manifest.blobs}. Use another backup.")
    tell("Backup", f"of {manifest.made_at}, release {manifest.release}: every digest holds")


def _check_keys(folder: Path, keys: Path | None, manifest: Manifest) -> None:
    """Refuse to begin without the key that the ledger was signed with."""
    source = settings.KEYS_DIR if keys is None else keys
    path = source / CHECKPOINT_KEY
    if not path.is_file():
        raise BackupRefused(
            f"There is no {CHECKPOINT_KEY} in {source}. Give the folder where the keys were saved: --keys <folder>."
        )
    try:
        own = notes.load_key(path).public_key()
        known = [notes.read_verifier(line) for line in keeping.verifiers(folder / CHECKPOINTS)] or [own]
        if manifest.checkpoint:
            epochs.opened(manifest.checkpoint, log=manifest.origin, keys=known)
        fits = known[-1].public_bytes_raw() == own.public_bytes_raw()
    except (notes.NoteInvalid, TypeError, ValueError):
        fits = False
    if not fits:
        raise BackupRefused(
            f"{path} is not the key that signed this backup's ledger. Give the keys of the same installation, as they "
            "were then."
        )


def _check_folders(keys: Path | None) -> None:
    """Refuse a store that holds something, and keys that would be overwritten."""
    store = Path(settings.BLOB_ROOT)
    if store.exists() and any(path.is_file() for path in store.rglob("*")):
        raise BackupRefused(f"{store} is not empty. Restore into another home: COUNTERSIGN_HOME=<new folder>.")
    for path, target in _keys_of(keys):
        if target.exists() and digest_of(target) != digest_of(path):
            raise BackupRefused(
                f"{target} is another key than the saved one. Move it away, or restore into another home."
            )


def _check_database(variables: Mapping[str, str], manifest: Manifest) -> None:
    names = {
        "owner": Login.of(variables["DATABASE_OWNER_URL"]).role,
        "app": Login.of(variables["DATABASE_URL"]).role,
        "sequencer": Login.of(variables["DATABASE_SEQUENCER_URL"]).role,
    }
    if names != manifest.roles:
        wanted = ", ".join(f"{role} {name}" for role, name in manifest.roles.items())
        raise BackupRefused(f"The backup grants rights to these roles: {wanted}. Use the same names in the three URLs.")
    try:
        with psycopg.connect(variables["DATABASE_OWNER_URL"], connect_timeout=10) as connection:
            major = dumps.server_major(connection)
            row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    except psycopg.OperationalError as error:
        raise BackupRefused(
            f"The database does not answer: {error}. Start it; on a new server: manage.py bootstrap_roles."
        ) from error
    if major < manifest.server:
        raise BackupRefused(f"The backup is of PostgreSQL {manifest.server}, the server is {major}: use a later one.")
    if row != (0,):
        raise BackupRefused(
            f"The database {Login.of(variables['DATABASE_URL']).database} is not empty. Restore into another home "
            "(COUNTERSIGN_HOME=<new folder>), or name a new database in the URLs and run manage.py bootstrap_roles."
        )


def _put_keys(keys: Path | None, tell: Tell) -> None:
    put = []
    settings.KEYS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, target in _keys_of(keys):
        if not target.exists():
            copied(path, target)
        put.append(path.name)
    tell("Keys", f"{', '.join(put)} in {settings.KEYS_DIR}" if put else f"those in {settings.KEYS_DIR}")


def _keys_of(keys: Path | None) -> list[tuple[Path, Path]]:
    """Return saved keys and where each goes."""
    if keys is None:
        return []
    return [(path, settings.KEYS_DIR / path.relative_to(keys)) for path in sorted(keys.rglob("*")) if path.is_file()]


def _put_checkpoints(folder: Path, manifest: Manifest, tell: Tell) -> None:
    """Put the checkpoints back, but never over others: those that survived tell how far the ledger had reached."""
    here = keeping.latest(checkpoints_folder())
    if here is not None:
        reached = notes.parse_checkpoint(here.rpartition("\n\n")[0] + "\n").size
        tell(
            "Checkpoints",
            f"those of this home stay: newest of {reached:,} entries, the backup's {manifest.ledger_size:,}",
        )
        return
    count = keeping.copy(folder / CHECKPOINTS, checkpoints_folder())
    tell("Checkpoints", f"{count:,} in {checkpoints_folder()}")


def _put_database(folder: Path, manifest: Manifest, variables: Mapping[str, str], tell: Tell) -> None:
    """Load the dump while new tables are nobody's but the owner's.

    A dump grants what each role has, and takes nothing back: rights that the app gets by default on every new table
    would stay on those that it must not change.
    """
    owner_url = variables["DATABASE_OWNER_URL"]
    app, sequencer = manifest.roles["app"], manifest.roles["sequencer"]
    with psycopg.connect(owner_url, autocommit=True) as connection:
        roles.withhold_defaults(connection, app=app)
        major = dumps.server_major(connection)
    dumps.load(url=owner_url, source=folder / DATABASE, major=major)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        database = Login.of(owner_url).database
        roles.grant_defaults(connection, database=database, app=app, sequencer=sequencer)
        connection.execute("ANALYZE")
    tell("Database", f"ledger of {manifest.ledger_size:,} entries, roles and their rights")


def _put_blobs(folder: Path, manifest: Manifest, tell: Tell) -> None:
    for sha256 in listed_blobs(folder):
        digest, _ = copied(blob_path(folder / BLOBS, sha256), blob_path(settings.BLOB_ROOT, sha256))
        if digest != sha256:
            raise BackupRefused(f"The backup's blob {sha256} changed while it was read. Use another backup.")
    Path(settings.BLOB_ROOT).mkdir(mode=0o700, parents=True, exist_ok=True)
    tell("Blobs", f"{manifest.blobs:,} in {settings.BLOB_ROOT}, {manifest.blob_bytes:,} bytes")


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold the lock of `up`, so that nothing starts in this home meanwhile."""
    run = settings.HOME / "run"
    settings.HOME.mkdir(mode=0o711, parents=True, exist_ok=True)  # as root, the database's user passes through
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"A portal runs in {settings.HOME}. Stop it, or restore into another home.") from None
        yield


def _manage(
    arguments: list[str], variables: Mapping[str, str], *, may_fail: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run another command on what was restored, whose addresses this process did not know when it began."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
    ended = subprocess.run(command, env=dict(variables), cwd=BASE_DIR, capture_output=True, text=True, check=False)
    if ended.returncode != 0 and not may_fail:
        raise BackupRefused(f"{arguments[0]} ended with status {ended.returncode}: {ended.stderr.strip()}")
    return ended
