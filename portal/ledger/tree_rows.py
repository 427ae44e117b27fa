"""The tree as the database holds it; works with Django's cursors and with plain psycopg ones."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from portal.ledger.epochs import FIRST, Opening, epoch_of
from portal.ledger.events import EPOCH_OPENED
from portal.ledger.merkle import EMPTY_ROOT
from portal.ledger.tiles import HASH_BYTES, WIDTH, FullTile, TileReader, width


class Cursor(Protocol):
    """As much of a database cursor as is needed here."""

    @property
    def execute(self) -> Callable[..., Any]:
        """Run one statement."""
        ...

    @property
    def executemany(self) -> Callable[..., Any]:
        """Run one statement for many rows."""
        ...

    @property
    def fetchone(self) -> Callable[[], Any]:
        """Return the next row or None."""
        ...

    @property
    def fetchall(self) -> Callable[[], Any]:
        """Return the rows that are left."""
        ...


@dataclass(frozen=True)
class Head:
    """The newest checkpoint: how many entries are in the log and the root over them."""

    size: int
    root: bytes
    note: str
    signed_at: datetime

    @property
    def origin(self) -> str:
        """Return the checkpoint's first line, which is its signer's name, too."""
        return self.note.partition("\n")[0]


def read_head(cursor: Cursor) -> Head | None:
    """Return the newest checkpoint, or None before the first."""
    cursor.execute("SELECT size, root, note, signed_at FROM ledger_checkpoint ORDER BY size DESC LIMIT 1")
    row = cursor.fetchone()
    return Head(row[0], bytes(row[1]), row[2], row[3]) if row else None


def read_openings(cursor: Cursor, log: str) -> tuple[list[Opening], list[int]]:
    """Return the epochs that were opened, in order, and the indices of entries that only claim to open one.

    Any program can append an entry; only the sequencer signs a checkpoint of the new epoch right after it.
    """
    cursor.execute(
        "SELECT entry.index, entry.payload, here.root, after.note FROM ledger_entry entry"
        " LEFT JOIN ledger_checkpoint here ON here.size = entry.index"
        " LEFT JOIN ledger_checkpoint after ON after.size = entry.index + 1"
        " WHERE entry.event = %s ORDER BY entry.index",
        [EPOCH_OPENED.name],
    )
    openings: list[Opening] = []
    claimed: list[int] = []
    for index, payload, root, note in cursor.fetchall():
        found = Opening.read(bytes(payload))
        before = openings[-1].epoch if openings else FIRST
        if (
            found is not None
            and (found.start, found.root) == (index, (bytes(root) if root else EMPTY_ROOT).hex())
            and found.epoch > before
            and note is not None
            and epoch_of(log, note) == found.epoch
        ):
            openings.append(found)
        else:
            claimed.append(index)
    return openings, claimed


def tile_reader(cursor: Cursor, size: int) -> TileReader:
    """Return a reader of the tiles of a tree of `size` leaves; a hole in the rows raises LookupError."""

    def read(level: int, number: int) -> Sequence[bytes]:
        count, first = width(size, level, number), number * WIDTH
        if count == WIDTH:
            cursor.execute("SELECT hashes FROM ledger_tile WHERE level = %s AND number = %s", [level, number])
            row = cursor.fetchone()
            joined = bytes(row[0]) if row else b""
            hashes = [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
        elif level == 0:
            cursor.execute(
                "SELECT leaf_hash FROM ledger_entry WHERE index >= %s AND index < %s ORDER BY index",
                [first, first + count],
            )
            hashes = [bytes(row[0]) for row in cursor.fetchall()]
        else:
            cursor.execute(
                "SELECT root FROM ledger_tile WHERE level = %s AND number >= %s AND number < %s ORDER BY number",
                [level - 1, first, first + count],
            )
            hashes = [bytes(row[0]) for row in cursor.fetchall()]
        if len(hashes) != count:
            raise LookupError(f"tile {level}/{number} holds {len(hashes)} of {count} hashes")
        return hashes

    return read


def insert_tiles(cursor: Cursor, tiles: Iterable[FullTile]) -> None:
    """Write tiles that became full."""
    cursor.executemany(
        "INSERT INTO ledger_tile (level, number, hashes, root) VALUES (%s, %s, %s, %s)",
        [(tile.level, tile.number, tile.hashes, tile.root) for tile in tiles],
    )
