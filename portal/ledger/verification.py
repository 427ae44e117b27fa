"""Recompute the whole log and hold it against everything that was signed; streaming, so memory stays bounded."""

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import connection, transaction

from portal.ledger import epochs, keeping, notes
from portal.ledger.epochs import Lost, Opening, Standing
from portal.ledger.merkle import EMPTY_ROOT, leaf_hash
from portal.ledger.sequencing import Connection, checkpoints_folder, columns_of
from portal.ledger.services import commitment
from portal.ledger.tiles import HASH_BYTES, WIDTH, Edge, FullTile, extend, root_of
from portal.ledger.tree_rows import read_openings

ROWS_AT_ONCE = 4096
MOST_PROBLEMS = 20
ENTRIES = (
    "SELECT index, payload, leaf_hash, event_id::text, at, event, actor_id, subject_type, subject_id, team_id, topics"
    " FROM ledger_entry ORDER BY index"
)
IN_DATABASE = "in the database"
COLUMNS = ("event_id", "at", "event", "actor_id", "subject_type", "subject_id", "team_id", "topics")

Rows = Iterator[tuple[Any, ...]]
Keys = Sequence[Ed25519PublicKey]


@dataclass(frozen=True)
class Verification:
    """What was read and what is wrong, the first problem first; `root` is in hexadecimal digits.

    A checkpoint that is kept both in the database and outside counts once. `lost` is what the log itself declares as
    lost, with the opening that says so: it is no problem, and it is never silent.
    """

    entries: int
    checkpoints: int
    root: str
    problems: tuple[str, ...]
    lost: tuple[tuple[Opening, Lost], ...] = ()

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True)
class _Signed:
    """A checkpoint to hold the tree against; `where` says who keeps it."""

    size: int
    root: bytes
    where: str
    key: int
    """Place of its key among those known, oldest first."""


@dataclass
class _State:
    """How far the tree is built, and what was found."""

    size: int = 0
    edge: Edge = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    tiles: int = 0
    checkpoints: int = 0
    compared: int | None = None
    key: int = 0
    problems: list[str] = field(default_factory=list)
    openings: Sequence[Opening] = ()

    def complain(self, problem: str) -> None:
        """Note a problem, as long as the list is readable."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


def verify_ledger() -> Verification:
    """Check hashes, indices, columns, private texts, tiles, checkpoints and signatures of the log as it is now."""
    state = _State()
    keys = _known_keys()
    # Read before the database's snapshot is taken: what is kept outside was in the database before.
    kept_notes, newest = _by_epoch(), keeping.latest(checkpoints_folder())
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            state.openings, claimed = read_openings(cursor, settings.LEDGER_ORIGIN)
        for index in claimed:
            state.complain(f"entry {index}: it claims to open an epoch, and no checkpoint bears it out")
        kept = [_from_notes(one, keys, state, "kept outside the database") for one in kept_notes]
        last_kept = _from_notes(iter([newest] if newest else []), keys, state, "kept last outside the database")
        signed = heapq.merge(_from_rows(keys, state), *kept, last_kept, key=lambda one: one.size)
        _walk(state, signed)
        if state.size and newest is None:
            state.complain("no checkpoint is kept outside the database")
        _check_tile_count(state)
    root = root_of(state.edge) if state.size else EMPTY_ROOT
    lost = tuple(epochs.lost_ranges(state.openings))
    return Verification(state.size, state.checkpoints, root.hex(), tuple(state.problems), lost)


def _known_keys() -> Keys:
    """Return the keys kept outside the database, oldest first; before the first was kept, the installation's own."""
    kept = [notes.read_verifier(line) for line in keeping.verifiers(checkpoints_folder())]
    return kept or [notes.load_key(Path(settings.KEYS_DIR) / "checkpoint.key").public_key()]


def _walk(state: _State, signed: Iterator[_Signed]) -> None:
    """Read every entry in order, growing the tree, and stop at each checkpoint's size to compare."""
    due = next(signed, None)
    private = _Private()
    agreed = 0
    for row in _stream(ENTRIES):
        index, payload = row[0], row[1]
        if index != state.size + len(state.leaves):
            state.complain(f"entry {state.size + len(state.leaves)} is missing: the next one is {index}")
            return
        leaf = leaf_hash(payload)
        problem = _problem(payload, leaf, row, private)
        if problem:
            state.complain(f"entry {index}: {problem}")
        state.leaves.append(leaf)
        if len(state.leaves) == ROWS_AT_ONCE or (due is not None and index + 1 == due.size):
            _grow(state)
        while due is not None and due.size <= state.size:
            agreed = _compare(state, due, agreed)
            due = next(signed, None)
    _grow(state)
    while due is not None:
        state.complain(f"checkpoint {due.size} ({due.where}): the log holds only {state.size} entries")
        due = next(signed, None)
    if agreed < state.size:
        state.complain(f"entries {agreed} to {state.size - 1}: no checkpoint covers them")


def _problem(payload: bytes, leaf: bytes, row: tuple[Any, ...], private: "_Private") -> str | None:
    if leaf != row[2]:
        return "payload does not match its leaf hash"
    try:
        document = json.loads(payload.decode())
        values = columns_of(document)
        expected = (values[0], datetime.fromisoformat(values[1]), *values[2:])
    except (ValueError, KeyError, TypeError):
        return "payload is not an event"
    if expected != row[3:]:
        wrong = [name for name, told, found in zip(COLUMNS, expected, row[3:], strict=True) if told != found]
        return f"column {', '.join(wrong)} does not match the payload"
    return private.problem(row[0], document.get("commitments") or {})


def _grow(state: _State) -> None:
    """Put the leaves read into the tree, and compare tiles that became full with the stored ones."""
    if not state.leaves:
        return
    state.edge, tiles = extend(state.edge, state.size, state.leaves)
    state.size += len(state.leaves)
    state.leaves = []
    with connection.cursor() as cursor:
        for tile in tiles:
            cursor.execute(
                "SELECT hashes, root FROM ledger_tile WHERE level = %s AND number = %s", [tile.level, tile.number]
            )
            stored = cursor.fetchone()
            problem = _tile_problem(tile, stored)
            if problem:
                state.complain(problem)
    state.tiles += len(tiles)


def _tile_problem(tile: FullTile, stored: tuple[bytes, bytes] | None) -> str | None:
    place = f"tile {tile.level}/{tile.number}"
    if stored is None:
        return f"{place} is missing"
    hashes, root = bytes(stored[0]), bytes(stored[1])
    if hashes == tile.hashes and root == tile.root:
        return None
    for at in range(WIDTH):
        part = slice(at * HASH_BYTES, (at + 1) * HASH_BYTES)
        if hashes[part] != tile.hashes[part]:
            if tile.level == 0:
                return f"entry {tile.number * WIDTH + at}: payload does not match its leaf hash in {place}"
            return f"{place}: hash {at} does not match the entries"
    return f"{place}: its root does not match its hashes"


def _compare(state: _State, due: _Signed, agreed: int) -> int:
    """Hold the tree against one checkpoint; return up to where entries and checkpoints agree."""
    # They come by size, so copies of one checkpoint follow each other.
    state.checkpoints += due.size != state.compared
    state.compared = due.size
    if due.key < state.key:
        state.complain(f"checkpoint {due.size} ({due.where}): signed with a key that another had replaced by then")
    state.key = max(state.key, due.key)
    if due.size < state.size:
        state.complain(f"checkpoint {due.size} ({due.where}) is out of order")
        return agreed
    if root_of(state.edge) != due.root:
        span = f"one of entries {agreed} to {due.size - 1}" if agreed < due.size else "an entry"
        state.complain(f"checkpoint {due.size} ({due.where}): {span} is not what was signed")
        return agreed
    return due.size


def _by_epoch() -> list[Iterator[str]]:
    """Return the notes kept, each epoch's apart: within one, sizes only grow."""
    folder = checkpoints_folder()
    found = {epochs.epoch_of(settings.LEDGER_ORIGIN, note) for note in keeping.history(folder)}
    return [_of_epoch(keeping.history(folder), epoch) for epoch in found]


def _of_epoch(kept: Iterator[str], epoch: int | None) -> Iterator[str]:
    return (note for note in kept if epochs.epoch_of(settings.LEDGER_ORIGIN, note) == epoch)


def _from_rows(keys: Keys, state: _State) -> Iterator[_Signed]:
    for size, root, note in _stream("SELECT size, root, note FROM ledger_checkpoint ORDER BY size"):
        for one in _from_notes(iter([note]), keys, state, IN_DATABASE):
            if (one.size, one.root) != (size, bytes(root)):
                state.complain(f"checkpoint {size} ({IN_DATABASE}): its columns do not match its note")
            yield _Signed(size, one.root, one.where, one.key)


def _from_notes(kept: Iterator[str], keys: Keys, state: _State, where: str) -> Iterator[_Signed]:
    for note in kept:
        try:
            signed = epochs.opened(note, log=settings.LEDGER_ORIGIN, keys=keys)
        except notes.NoteInvalid as refusal:
            state.complain(f"a checkpoint {where}: {refusal.message}")
            continue
        stands = epochs.standing(state.openings, signed)
        if stands == Standing.IN_LOG:
            yield _Signed(signed.size, signed.root, where, signed.key)
        elif stands != Standing.LOST or where == IN_DATABASE:
            state.complain(f"checkpoint {signed.size} ({where}): {stands.value}")


def _check_tile_count(state: _State) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_tile")
        stored = cursor.fetchone()[0]
    if stored > state.tiles:
        state.complain(f"{stored - state.tiles} tiles are not of this tree")


class _Private:
    """The private texts, read along with the entries."""

    def __init__(self) -> None:
        rows = _stream("SELECT entry_id, field, salt, text, erased_at FROM ledger_privatetext ORDER BY entry_id")
        self._groups = groupby(rows, key=itemgetter(0))
        self._next: tuple[int, list[tuple[Any, ...]]] | None = None
        self._advance()

    def _advance(self) -> None:
        group = next(self._groups, None)
        self._next = (group[0], list(group[1])) if group else None

    def problem(self, index: int, commitments: dict[str, str]) -> str | None:
        """Return what is wrong with the private texts of the entry, which come in order."""
        while self._next is not None and self._next[0] < index:
            self._advance()
        rows: list[tuple[Any, ...]] = []
        if self._next is not None and self._next[0] == index:
            rows = self._next[1]
        if not rows and not commitments:
            return None
        found = {row[1]: row for row in rows}
        if found.keys() != commitments.keys():
            names = ", ".join(sorted(found.keys() ^ commitments.keys()))
            return f"private texts and commitments differ: {names}"
        for name, (_, _, salt, text, erased_at) in found.items():
            erased = erased_at is not None and salt is None and text is None
            if not erased and (salt is None or text is None or commitment(salt, text) != commitments[name]):
                return f"private text {name} does not match its commitment"
        return None


def _stream(query: str) -> Rows:
    """Yield rows by a server-side cursor in the open transaction."""
    raw = cast("Connection", connection.connection)
    with raw.cursor(name=f"verify_{query.partition('FROM ')[2].split()[0]}") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        yield from cursor.execute(query, binary=True)
