"""The sequencer's one step: give pending entries their places, grow the tree, sign a checkpoint, keep it outside."""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from portal.core.clock import now
from portal.ledger import epochs, keeping, notes
from portal.ledger.epochs import FIRST, Signed, Standing
from portal.ledger.errors import CheckpointKeyUnknown, LedgerRolledBack
from portal.ledger.merkle import leaf_hash
from portal.ledger.misfits import NO_EVENT, PendingRow, misfits, pending
from portal.ledger.tiles import Edge, edge_of, extend, root_of
from portal.ledger.tree_rows import Cursor, Head, insert_tiles, read_head, read_openings, tile_reader

Connection = psycopg.Connection[tuple[Any, ...]]

BATCH = 4096
TURN = 0x636F756E74657273  # advisory lock: one sequencer at a time ("counters")
log = logging.getLogger(__name__)


def sequence_batch(connection: Connection, *, limit: int = BATCH, aside: set[int] | None = None) -> int:
    """Sequence up to `limit` pending entries and return how many; waits while another sequencer works.

    Pending rows that are no events are left where they are, and added to `aside`, which the next call is given again.
    The connection is in autocommit mode. Raises LedgerRolledBack when the database is behind what was signed,
    CheckpointKeyUnknown when the key is not the one that signed last.
    """
    aside = set() if aside is None else aside
    if not connection.autocommit:
        raise RuntimeError("the sequencer's connection must be in autocommit mode")
    with turn(connection):
        head, edge = _checked_head(connection)
        while True:
            try:
                return _sequence(connection, head, edge, limit, aside)
            except (psycopg.DataError, psycopg.IntegrityError, *NO_EVENT):
                if not _set_aside(connection, limit, aside):
                    raise


def something_pends(connection: Connection, aside: set[int]) -> bool:
    """Say whether there are pending entries but those set aside."""
    query = 'SELECT EXISTS (SELECT FROM ledger_pendingentry WHERE "order" <> ALL(%s))'
    return connection.execute(query, [list(aside)]).fetchone() == (True,)


def head(connection: Connection) -> Head | None:
    """Return the newest checkpoint, or None before the first."""
    with connection.cursor() as cursor:
        return read_head(cursor)


def checkpoints_folder() -> Path:
    """Return where checkpoints are kept outside the database."""
    return Path(settings.HOME) / "checkpoints"


def refusal(cursor: Cursor) -> str | None:
    """Return why nothing is signed, as far as the checkpoints here tell; None where they agree. No key is read."""
    try:
        kept = keeping.latest(checkpoints_folder())
    except OSError:
        return None  # those who may not look there can't tell
    stated = epochs.stated(kept, log=settings.LEDGER_ORIGIN) if kept else None
    if stated is None:
        return None
    try:
        _check_against(stated, cursor, read_head(cursor))
    except LedgerRolledBack as refused:
        return refused.message
    return None


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
    keys = known_keys()
    kept = keeping.latest(checkpoints_folder())
    with connection.transaction(), connection.cursor() as cursor:
        found = read_head(cursor)
        size = found.size if found else 0
        if kept is not None:
            _check_against(epochs.opened(kept, log=settings.LEDGER_ORIGIN, keys=keys), cursor, found)
        if found and epochs.opened(found.note, log=settings.LEDGER_ORIGIN, keys=keys)[1:3] != (size, found.root):
            raise LedgerRolledBack(f"The database's checkpoint {size} does not state what its columns say.")
        edge = whole_edge(cursor, size, found.root if found else None)
    if found and found.note != kept:
        if kept is None:
            log.warning("no checkpoint was kept outside the database; keeping the one of size %s", size)
        keeping.keep(checkpoints_folder(), found.note)
    return found, edge


def _sequence(connection: Connection, before: Head | None, edge: Edge, limit: int, aside: set[int]) -> int:
    with connection.transaction(), connection.cursor() as cursor:
        rows = pending(cursor, limit, without=aside)
        if not rows:
            return 0
        note = write(cursor, before, edge, rows, epoch=_epoch(before))
    keeping.keep(checkpoints_folder(), note)
    return len(rows)


def _set_aside(connection: Connection, limit: int, aside: set[int]) -> bool:
    """Find what can't be ordered among the next rows, and say it; False when nothing was found."""
    with connection.transaction(), connection.cursor() as cursor:
        found = misfits(cursor, pending(cursor, limit, without=aside))
    for misfit in found:
        log.error("pending entry %s can not be ordered and stays where it is: %s", misfit.order, misfit.reason)
    aside.update(misfit.order for misfit in found)
    return bool(found)


def known_keys() -> list[Ed25519PublicKey]:
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


def whole_edge(cursor: psycopg.Cursor[tuple[Any, ...]], size: int, root: bytes | None) -> Edge:
    """Return the right edge of the tree; raises LedgerRolledBack where entries and head do not belong together."""
    cursor.execute("SELECT coalesce(max(index) + 1, 0) FROM ledger_entry")
    row = cursor.fetchone()
    if row is None or row[0] != size:
        raise LedgerRolledBack(f"The log holds {row and row[0]} entries, its last checkpoint {size}.")
    try:
        edge = edge_of(size, tile_reader(cursor, size))
    except LookupError as hole:
        raise LedgerRolledBack(f"The tree below checkpoint {size} is not whole: {hole}.") from hole
    if root is not None and root_of(edge) != root:
        raise LedgerRolledBack(f"The entries do not have the root that checkpoint {size} signed.")
    return edge


def _epoch(head: Head | None) -> int:
    """Return the epoch that the newest checkpoint is of."""
    return (epochs.epoch_of(settings.LEDGER_ORIGIN, head.note) if head else None) or FIRST


def _check_against(kept: Signed, cursor: Cursor, head: Head | None) -> None:
    """Refuse a log that does not begin with what was kept outside, unless it declares that as lost."""
    size, epoch = head.size if head else 0, _epoch(head)
    if kept.epoch < epoch:
        stands = epochs.standing(read_openings(cursor, settings.LEDGER_ORIGIN)[0], kept)
        if stands == Standing.LOST:
            return
        if stands != Standing.IN_LOG:
            raise LedgerRolledBack(f"The checkpoint of {kept.size} entries kept outside: {stands.value}.")
    if kept.epoch > epoch:
        raise LedgerRolledBack(f"The log is of epoch {epoch}; a checkpoint of epoch {kept.epoch} was signed and kept.")
    if kept.size > size:
        raise LedgerRolledBack(f"The log holds {size} entries; a checkpoint of {kept.size} was signed and kept.")
    cursor.execute("SELECT root FROM ledger_checkpoint WHERE size = %s", [kept.size])
    row = cursor.fetchone()
    if row is None or bytes(row[0]) != kept.root:
        raise LedgerRolledBack(f"The database's checkpoint {kept.size} is not the one that was signed and kept.")


def write(
    cursor: psycopg.Cursor[tuple[Any, ...]],
    before: Head | None,
    edge: Edge,
    rows: Sequence[PendingRow],
    *,
    epoch: int,
) -> str:
    """Write entries, private texts, tiles and the checkpoint; return its note."""
    first = before.size if before else 0
    leaves = [leaf_hash(payload) for _, _, payload, _ in rows]
    _copy_entries(cursor, first, rows, leaves)
    _copy_private(cursor, first, rows)
    cursor.execute('DELETE FROM ledger_pendingentry WHERE "order" = ANY(%s)', [[row[0] for row in rows]])
    edge, tiles = extend(edge, first, leaves)
    insert_tiles(cursor, tiles)
    origin = epochs.origin_of(settings.LEDGER_ORIGIN, epoch)
    body = notes.CheckpointBody(origin, first + len(rows), root_of(edge))
    key = notes.load_key(Path(settings.KEYS_DIR) / "checkpoint.key")
    note = notes.sign(notes.checkpoint_text(body), name=origin, key=key)
    cursor.execute(
        "INSERT INTO ledger_checkpoint (size, root, note, signed_at) VALUES (%s, %s, %s, %s)",
        [body.size, body.root, note, now()],
    )
    return note


def _copy_entries(
    cursor: psycopg.Cursor[tuple[Any, ...]], first: int, rows: Sequence[PendingRow], leaves: Sequence[bytes]
) -> None:
    with cursor.copy(
        "COPY ledger_entry (index, event_id, payload, leaf_hash, at, event, actor_id, subject_type, subject_id,"
        " team_id, topics) FROM STDIN"
    ) as copy:
        for offset, ((_, event_id, payload, _), leaf) in enumerate(zip(rows, leaves, strict=True)):
            columns = columns_of(json.loads(payload.decode()))
            copy.write_row((first + offset, event_id, payload, leaf, *columns[1:]))


def _copy_private(cursor: psycopg.Cursor[tuple[Any, ...]], first: int, rows: Sequence[PendingRow]) -> None:
    with cursor.copy("COPY ledger_privatetext (entry_id, field, salt, text) FROM STDIN") as copy:
        for index, (_, _, _, private) in enumerate(rows, first):
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
