"""The sequencer's one step: give pending entries their places, grow the tree, sign a checkpoint, keep it outside."""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from portal.core.clock import now
from portal.ledger import keeping, notes
from portal.ledger.errors import CheckpointKeyUnknown, LedgerRolledBack
from portal.ledger.merkle import leaf_hash
from portal.ledger.tiles import Edge, edge_of, extend, root_of
from portal.ledger.tree_rows import Head, insert_tiles, read_head, tile_reader

Connection = psycopg.Connection[tuple[Any, ...]]
PendingRow = tuple[int, UUID, bytes, dict[str, dict[str, str]] | None]

BATCH = 4096
TURN = 0x636F756E74657273  # advisory lock: one sequencer at a time ("counters")
log = logging.getLogger(__name__)


def sequence_batch(connection: Connection, *, limit: int = BATCH) -> int:
    """Sequence up to `limit` pending entries and return how many; waits while another sequencer works.

    The connection is in autocommit mode. Raises LedgerRolledBack when the database is behind what was signed,
    CheckpointKeyUnknown when the key is not the one that signed last.
    """
    if not connection.autocommit:
        raise RuntimeError("the sequencer's connection must be in autocommit mode")
    with turn(connection):
        head, edge = _checked_head(connection)
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(
                'SELECT "order", event_id, payload, private FROM ledger_pendingentry ORDER BY "order" LIMIT %s', [limit]
            )
            pending: list[PendingRow] = cursor.fetchall()
            if not pending:
                return 0
            note = _write(cursor, head, edge, pending)
        keeping.keep(checkpoints_folder(), note)
    return len(pending)


def head(connection: Connection) -> Head | None:
    """Return the newest checkpoint, or None before the first."""
    with connection.cursor() as cursor:
        return read_head(cursor)


def checkpoints_folder() -> Path:
    """Return where checkpoints are kept outside the database."""
    return Path(settings.HOME) / "checkpoints"


@contextmanager
def turn(connection: Connection) -> Iterator[None]:
    """Hold the sequencers' turn; within it the same connection may take it again."""
    connection.execute("SELECT pg_advisory_lock(%s)", [TURN])
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s)", [TURN])


def _checked_head(connection: Connection) -> tuple[Head | None, Edge]:
    """Return head and right edge, after holding them against the last checkpoint kept outside."""
    keys = _known_keys()
    kept = keeping.latest(checkpoints_folder())
    with connection.transaction(), connection.cursor() as cursor:
        found = read_head(cursor)
        size = found.size if found else 0
        if kept is not None:
            text, _ = notes.verify_by_any(kept, name=settings.LEDGER_ORIGIN, keys=keys)
            _check_against(notes.parse_checkpoint(text), cursor, size)
        cursor.execute("SELECT coalesce(max(index) + 1, 0) FROM ledger_entry")
        row = cursor.fetchone()
        if row is None or row[0] != size:
            raise LedgerRolledBack(f"The log holds {row and row[0]} entries, its last checkpoint {size}.")
        try:
            edge = edge_of(size, tile_reader(cursor, size))
        except LookupError as hole:
            raise LedgerRolledBack(f"The tree below checkpoint {size} is not whole: {hole}.") from hole
        if found and root_of(edge) != found.root:
            raise LedgerRolledBack(f"The entries do not have the root that checkpoint {size} signed.")
    if found and found.note != kept:
        if kept is None:
            log.warning("no checkpoint was kept outside the database; keeping the one of size %s", size)
        keeping.keep(checkpoints_folder(), found.note)
    return found, edge


def _known_keys() -> list[Ed25519PublicKey]:
    """Return the keys kept outside the database, oldest first; the first one by which we sign is kept now.

    Raises CheckpointKeyUnknown when our key is not the last of them.
    """
    own = notes.load_key(Path(settings.KEYS_DIR) / "checkpoint.key").public_key()
    known = [notes.read_verifier(line) for line in keeping.verifiers(checkpoints_folder())]
    if not known:
        keeping.keep_verifier(checkpoints_folder(), notes.verifier_key(settings.LEDGER_ORIGIN, own))
        return [own]
    if known[-1].public_bytes_raw() != own.public_bytes_raw():
        raise CheckpointKeyUnknown(
            f"checkpoint.key is not the key that {checkpoints_folder()}/{keeping.VERIFIERS} names last. "
            "Put the right one there, or make another known: manage.py rotate_key checkpoint"
        )
    return known


def _check_against(kept: notes.CheckpointBody, cursor: psycopg.Cursor[tuple[Any, ...]], size: int) -> None:
    if kept.size > size:
        raise LedgerRolledBack(f"The log holds {size} entries; a checkpoint of {kept.size} was signed and kept.")
    cursor.execute("SELECT root FROM ledger_checkpoint WHERE size = %s", [kept.size])
    row = cursor.fetchone()
    if row is None or bytes(row[0]) != kept.root:
        raise LedgerRolledBack(f"The database's checkpoint {kept.size} is not the one that was signed and kept.")


def _write(
    cursor: psycopg.Cursor[tuple[Any, ...]], before: Head | None, edge: Edge, pending: Sequence[PendingRow]
) -> str:
    """Write entries, private texts, tiles and the checkpoint; return its note."""
    first = before.size if before else 0
    leaves = [leaf_hash(payload) for _, _, payload, _ in pending]
    _copy_entries(cursor, first, pending, leaves)
    _copy_private(cursor, first, pending)
    cursor.execute('DELETE FROM ledger_pendingentry WHERE "order" = ANY(%s)', [[row[0] for row in pending]])
    edge, tiles = extend(edge, first, leaves)
    insert_tiles(cursor, tiles)
    body = notes.CheckpointBody(settings.LEDGER_ORIGIN, first + len(pending), root_of(edge))
    key = notes.load_key(Path(settings.KEYS_DIR) / "checkpoint.key")
    note = notes.sign(notes.checkpoint_text(body), name=settings.LEDGER_ORIGIN, key=key)
    cursor.execute(
        "INSERT INTO ledger_checkpoint (size, root, note, signed_at) VALUES (%s, %s, %s, %s)",
        [body.size, body.root, note, now()],
    )
    return note


def _copy_entries(
    cursor: psycopg.Cursor[tuple[Any, ...]], first: int, pending: Sequence[PendingRow], leaves: Sequence[bytes]
) -> None:
    with cursor.copy(
        "COPY ledger_entry (index, event_id, payload, leaf_hash, at, event, actor_id, subject_type, subject_id,"
        " team_id, topics) FROM STDIN"
    ) as copy:
        for offset, ((_, event_id, payload, _), leaf) in enumerate(zip(pending, leaves, strict=True)):
            columns = columns_of(json.loads(payload.decode()))
            copy.write_row((first + offset, event_id, payload, leaf, *columns[1:]))


def _copy_private(cursor: psycopg.Cursor[tuple[Any, ...]], first: int, pending: Sequence[PendingRow]) -> None:
    with cursor.copy("COPY ledger_privatetext (entry_id, field, salt, text) FROM STDIN") as copy:
        for index, (_, _, _, private) in enumerate(pending, first):
            for field, part in (private or {}).items():
                copy.write_row((index, field, bytes.fromhex(part["salt"]), part["text"]))


def columns_of(document: dict[str, Any]) -> tuple[Any, ...]:
    """Return what the columns say of a payload: id, at, event, actor, subject type and id, team, topics."""
    subject = document["subject"]
    return (
        document["id"],
        document["at"],
        document["event"],
        document["actor"]["id"],
        subject["type"],
        subject["id"],
        subject["team"],
        document["topics"],
    )
