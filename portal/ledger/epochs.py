"""Epochs: a log that lost entries goes on under another origin, and an entry of its own says what was lost. Pure.

A checkpoint's origin names a log that only ever grows (C2SP tlog-checkpoint). Once entries are lost, the log that goes
on is another one: its origin gets the number of its epoch, and checkpoints of the former epochs stay what they were.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, NamedTuple, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from portal.ledger import notes

FIRST = 1


class Standing(Enum):
    """How a checkpoint stands to the log as it is now."""

    IN_LOG = "the log begins with it"
    LOST = "it was signed over entries that were lost, and the log says so"
    UNDECLARED = "it was signed over entries that the log does not hold, and nothing says they were lost"
    UNOPENED = "it is of an epoch that no entry opened"


@dataclass(frozen=True)
class Lost:
    """What one epoch lost: entries from `after` on; `size` and `root` are its last known checkpoint's."""

    epoch: int
    after: int
    size: int
    root: str


@dataclass(frozen=True)
class Opening:
    """An epoch as the entry at `start` opens it; `root` is that over the entries before."""

    epoch: int
    start: int
    root: str
    lost: tuple[Lost, ...]

    @classmethod
    def read(cls, payload: bytes) -> Self | None:
        """Read it out of an entry; None where the entry does not hold one."""
        try:
            data = json.loads(payload)["data"]
            lost = tuple(
                Lost(int(one["epoch"]), int(one["after"]), int(one["size"]), str(one["root"])) for one in data["lost"]
            )
            return cls(int(data["epoch"]), int(data["start"]), str(data["root"]), lost)
        except (ValueError, KeyError, TypeError):
            return None

    def data(self) -> dict[str, Any]:
        """Return what its entry says."""
        return asdict(self) | {"lost": [asdict(one) for one in self.lost]}


class Signed(NamedTuple):
    """A checkpoint whose signature holds, and the epoch it is of."""

    epoch: int
    size: int
    root: bytes
    key: int = 0
    """Place of its key among those known, oldest first."""


def origin_of(log: str, epoch: int) -> str:
    """Return the first line of an epoch's checkpoints, which is the name of their signer, too."""
    return log if epoch == FIRST else f"{log}#{epoch}"


def epoch_of(log: str, note: str) -> int | None:
    """Return the epoch that a checkpoint's first line names; None where that is another log."""
    origin = note.partition("\n")[0]
    number = origin.removeprefix(f"{log}#")
    epoch = int(number) if number.isdecimal() and number.isascii() else FIRST
    return epoch if epoch >= FIRST and origin == origin_of(log, epoch) else None


def opened(note: str, *, log: str, keys: Sequence[Ed25519PublicKey]) -> Signed:
    """Return what a note signed by one of these keys states, after checking its signature; raises NoteInvalid."""
    epoch = epoch_of(log, note)
    text, place = notes.verify_by_any(note, name=origin_of(log, epoch or FIRST), keys=keys)
    body = notes.parse_checkpoint(text)
    if epoch is None:
        raise notes.NoteInvalid(f"The checkpoint is of another log: {body.origin}.")
    return Signed(epoch, body.size, body.root, place)


def stated(note: str, *, log: str) -> Signed | None:
    """Return what a note states, its signature unchecked; None for what is no checkpoint of this log."""
    epoch = epoch_of(log, note)
    if epoch is None:
        return None
    try:
        body = notes.parse_checkpoint(note.rpartition("\n\n")[0] + "\n")
    except notes.NoteInvalid:
        return None
    return Signed(epoch, body.size, body.root)


def standing(openings: Sequence[Opening], signed: Signed) -> Standing:
    """Return how a checkpoint stands to a log with these openings, in their order."""
    if signed.epoch != FIRST and all(one.epoch != signed.epoch for one in openings) and not _is_lost(openings, signed):
        return Standing.UNOPENED
    end = next((one for one in openings if one.epoch > signed.epoch), None)
    if end is None:
        return Standing.IN_LOG
    lost = next((one for one in end.lost if one.epoch == signed.epoch), None)
    if signed.size <= (end.start if lost is None else lost.after):
        return Standing.IN_LOG
    return Standing.LOST if _is_lost(openings, signed) else Standing.UNDECLARED


def lost_ranges(openings: Sequence[Opening]) -> Iterator[tuple[Opening, Lost]]:
    """Yield everything that was declared lost, with the opening that says so."""
    for opening in openings:
        for lost in opening.lost:
            yield opening, lost


def _is_lost(openings: Sequence[Opening], signed: Signed) -> bool:
    """Say whether a declaration covers the checkpoint; the last one known must be the very one that was declared."""
    for _, lost in lost_ranges(openings):
        if lost.epoch == signed.epoch and lost.after < signed.size <= lost.size:
            return signed.size < lost.size or signed.root.hex() == lost.root
    return False
