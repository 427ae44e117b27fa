"""Go on after entries were lost: a new epoch of the log, opened by an entry that says what is gone."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from portal.core.actors import SYSTEM
from portal.core.canonical import canonical_json
from portal.core.clock import now
from portal.core.errors import Conflict
from portal.core.ids import uuid7
from portal.ledger import epochs, keeping
from portal.ledger.catalogue import Event, Subject
from portal.ledger.epochs import FIRST, Lost, Opening, Signed, Standing
from portal.ledger.errors import LedgerRolledBack
from portal.ledger.events import EPOCH_OPENED
from portal.ledger.merkle import EMPTY_ROOT
from portal.ledger.sequencing import Connection, checkpoints_folder, known_keys, turn, whole_edge, write
from portal.ledger.services import document
from portal.ledger.tree_rows import read_head, read_openings


class NothingLost(Conflict):
    """The log holds everything that was signed and kept."""

    code = "nothing_lost"


def recover(connection: Connection) -> Opening:
    """Open a new epoch where the log stands, declare what was signed beyond as lost, and return that opening.

    The connection is the sequencer's, in autocommit mode; a sequencer that runs goes on afterwards by itself. Raises
    NothingLost, and LedgerRolledBack where the log was not cut back but changed: that is no loss to declare.
    """
    with turn(connection):
        keys = known_keys()
        with connection.transaction(), connection.cursor() as cursor:
            head = read_head(cursor)
            size = head.size if head else 0
            edge = whole_edge(cursor, size, head.root if head else None)
            epoch = epochs.opened(head.note, log=settings.LEDGER_ORIGIN, keys=keys).epoch if head else FIRST
            openings, _ = read_openings(cursor, settings.LEDGER_ORIGIN)
            known = list(_newest_of_each_epoch(keys))
            lost = tuple(_lost(cursor, known, openings, epoch=epoch, size=size))
            if not lost:
                raise NothingLost("Nothing was lost: the log holds every checkpoint that was kept. Nothing was done.")
            opening = Opening(
                epoch=max(epoch, *(one.epoch for one in known)) + 1,
                start=size,
                root=(head.root if head else EMPTY_ROOT).hex(),
                lost=lost,
            )
            event = _event(opening)
            row = (-1, UUID(event.id), canonical_json(document(event, {})), None)
            note = write(cursor, head, edge, [row], epoch=opening.epoch)
        keeping.keep(checkpoints_folder(), note)
    return opening


def _newest_of_each_epoch(keys: Sequence[Ed25519PublicKey]) -> Iterator[Signed]:
    """Yield the newest checkpoint kept of each epoch, after checking its signature."""
    newest: dict[int, tuple[int, str]] = {}
    last = keeping.latest(checkpoints_folder())
    for note in (*([last] if last else []), *keeping.history(checkpoints_folder())):
        stated = epochs.stated(note, log=settings.LEDGER_ORIGIN)
        if stated is not None and newest.get(stated.epoch, (-1, ""))[0] < stated.size:
            newest[stated.epoch] = (stated.size, note)
    for _, (_, note) in sorted(newest.items()):
        yield epochs.opened(note, log=settings.LEDGER_ORIGIN, keys=keys)


def _lost(
    cursor: psycopg.Cursor[tuple[object, ...]],
    known: list[Signed],
    openings: list[Opening],
    *,
    epoch: int,
    size: int,
) -> Iterator[Lost]:
    """Yield what each epoch lost that is not declared yet."""
    for one in known:
        stands = epochs.standing(openings, one)
        if one.epoch > epoch:
            # This log does not hold the entry that opened it, so none of its checkpoints is a beginning of this log.
            yield Lost(one.epoch, 0, one.size, one.root.hex())
        elif stands == Standing.UNDECLARED or (stands == Standing.IN_LOG and one.size > size):
            yield Lost(one.epoch, _fork(openings, one.epoch, size), one.size, one.root.hex())
        elif stands == Standing.IN_LOG:
            cursor.execute("SELECT root FROM ledger_checkpoint WHERE size = %s", [one.size])
            row = cursor.fetchone()
            if row is None or row[0] != one.root:
                raise LedgerRolledBack(
                    f"The database's checkpoint {one.size} is not the one that was signed and kept: the log was "
                    "changed, not cut back. Restore a backup that holds it; see manage.py verify_ledger."
                )


def _fork(openings: list[Opening], epoch: int, size: int) -> int:
    """Return up to where this log still is that of the epoch."""
    starts = [opening.start for opening in openings if opening.epoch > epoch]
    declared = [lost.after for _, lost in epochs.lost_ranges(openings) if lost.epoch == epoch]
    return min([*starts, *declared], default=size)


def _event(opening: Opening) -> Event:
    origin = epochs.origin_of(settings.LEDGER_ORIGIN, opening.epoch)
    return Event(
        id=str(uuid7()),
        type=EPOCH_OPENED,
        at=now(),
        actor=SYSTEM,
        subject=Subject("epoch", str(opening.epoch), origin),
        data=opening.data() | {"origin": origin},
    )
