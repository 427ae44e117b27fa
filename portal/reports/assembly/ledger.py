"""The slice of the ledger: entries with proofs, the checkpoint they stand on, and whether they agree with the rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.core.actors import SYSTEM
from portal.core.canonical import canonical_json
from portal.core.errors import Conflict
from portal.keys.selectors import checkpoint_key
from portal.ledger.notes import verifier_key
from portal.ledger.selectors import EntryFilter, EntryRow, entries, head, proof_for
from portal.overviews.people import names_of

MOST_ENTRIES = 100
"""Of one subject; older ones are counted in the document."""


class Row(Protocol):
    """A row that the ledger knows."""

    pk: Any

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        ...


@dataclass(frozen=True)
class Printed:
    """Something that the pack prints: its subject type in the ledger, its name for people, its row."""

    type: str
    name: str
    row: Row


def ledger_part(printed: Sequence[Printed], topics: Sequence[str]) -> dict[str, Any]:
    """Return entries and proofs at the newest checkpoint: those about what is printed, and those of these topics.

    Raises Conflict where the ledger has no checkpoint yet, KeyUnknown where the key that signed it is not registered.
    """
    newest = head()
    if newest is None:
        raise Conflict("The ledger has no checkpoint yet: nothing could be proved.", code="no_checkpoint")
    of: dict[tuple[str, str], list[EntryRow]] = {}
    for one in printed:
        of[one.type, str(one.row.pk)] = _entries_of(one, newest.size)
    about = [entries(SYSTEM, EntryFilter(topic=topic), before=newest.size, limit=MOST_ENTRIES).rows for topic in topics]
    rows = sorted({row.index: row for found in (*of.values(), *about) for row in found}.values(), key=_by_index)
    names = names_of(who for row in rows for who in (row.actor_id, row.on_behalf_of) if who)
    labels = {(one.type, str(one.row.pk)): one.name for one in printed}
    key = checkpoint_key(newest.note)
    return {
        "origin": newest.origin,
        "checkpoint": {
            "size": newest.size,
            "root": newest.root.hex(),
            "note": newest.note,
            "signed_at": newest.signed_at.isoformat(),
            "verifier_key": verifier_key(newest.origin, key),
            "public_key": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        },
        "entries": [_entry(row, names, labels, newest.size) for row in rows],
        "agreement": [_agreement(one, of[one.type, str(one.row.pk)]) for one in printed],
    }


def _entries_of(one: Printed, size: int) -> list[EntryRow]:
    wanted = EntryFilter(subject_type=one.type, subject_id=str(one.row.pk))
    return list(entries(SYSTEM, wanted, before=size, limit=MOST_ENTRIES).rows)


def _entry(row: EntryRow, names: dict[str, str], labels: dict[tuple[str, str], str], size: int) -> dict[str, Any]:
    proof = proof_for(SYSTEM, row.index, size=size)
    about = (row.subject_type, row.subject_id)
    return {
        "index": row.index,
        "at": row.at.isoformat(),
        "event": row.event,
        "sentence": row.sentence,
        "subject": {"type": row.subject_type, "id": row.subject_id, "name": labels.get(about, _plain_name(row))},
        "actor": {"id": row.actor_id, "name": names[row.actor_id]},
        "on_behalf_of": {"id": row.on_behalf_of, "name": names[row.on_behalf_of]} if row.on_behalf_of else None,
        "leaf_hash": row.leaf_hash,
        "payload": proof["payload"],
        "proof": proof["proof"],
    }


def _agreement(one: Printed, found: Iterable[EntryRow]) -> dict[str, Any]:
    """Say whether the newest entry about a row says what the row says; no entry is no agreement."""
    newest = max(found, key=_by_index, default=None)
    agrees = newest is not None and canonical_json(dict(newest.data)) == canonical_json(one.row.public_state())
    return {
        "type": one.type,
        "id": str(one.row.pk),
        "name": one.name,
        "index": newest.index if newest is not None else None,
        "agrees": agrees,
    }


def _by_index(row: EntryRow) -> int:
    return row.index


def _plain_name(row: EntryRow) -> str:
    return f"{row.subject_type.replace('_', ' ')} {row.subject_id}"
