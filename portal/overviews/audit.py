"""The ledger as its pages show it: its state, a page of entries, one entry with its proof."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.charts.numbers import count
from portal.core.actors import Actor
from portal.ledger import notes
from portal.ledger.merkle import leaf_hash, verify_inclusion
from portal.ledger.selectors import EntryFilter, EntryRow, entries, entry, head, health, proof_for
from portal.overviews.entries import EntryLine, entry_lines

PROGRAM = """\
import base64, hashlib, json

def joined(left, right):
    return hashlib.sha256(b"\\x01" + left + right).digest()

proof = json.load(open("{file}"))
read = base64.b64decode
node = hashlib.sha256(b"\\x00" + read(proof["payload"])).digest()
at, last = proof["leaf_index"], proof["tree_size"] - 1
for step in map(read, proof["proof"]):
    if at % 2 or at == last:
        node = joined(step, node)
        while at % 2 == 0 and at:
            at, last = at >> 1, last >> 1
    else:
        node = joined(node, step)
    at, last = at >> 1, last >> 1
size, root = proof["checkpoint"].split("\\n")[1:3]
print(last == 0 and int(size) == proof["tree_size"] and read(root) == node)
"""
"""Checks a downloaded proof with nothing but Python: RFC 9162, section 2.1.3.2."""


@dataclass(frozen=True)
class LedgerState:
    """How long the log is, what its newest checkpoint signs, and how many events wait for their place."""

    size: int
    root: str
    signed_at: datetime | None
    pending: int

    @property
    def last(self) -> int:
        """Return the index of the newest entry."""
        return self.size - 1


@dataclass(frozen=True)
class AuditPage:
    """One page of entries; `next_before` asks for the older ones."""

    lines: Sequence[EntryLine]
    next_before: int | None


@dataclass(frozen=True)
class PathStep:
    """One hash of an audit path, and on which side of the hash so far it is joined."""

    side: str
    hash: str


@dataclass(frozen=True)
class PrivateField:
    """A text that the entry only commits to; None where it was erased."""

    name: str
    text: str | None
    commitment: str


@dataclass(frozen=True)
class EntryOverview:
    """An entry's page: what it says, and the proof that the signed log holds exactly these bytes."""

    line: EntryLine
    payload: str
    private: Sequence[PrivateField]
    path: Sequence[PathStep]
    size: int
    root: str
    checkpoint: str
    included: bool

    @property
    def entry(self) -> EntryRow:
        """Return the entry itself."""
        return self.line.entry

    @property
    def title(self) -> str:
        """Return how the entry is called."""
        return f"Entry {count(self.entry.index)}"

    @property
    def program(self) -> str:
        """Return the program that checks this entry's downloaded proof."""
        return PROGRAM.replace("{file}", proof_name(self.entry.index))


def proof_name(index: int) -> str:
    """Return the name of the file with an entry's proof."""
    return f"entry-{index}.proof.json"


def ledger_state() -> LedgerState:
    """Return how the log stands now."""
    newest, now = head(), health()
    return LedgerState(
        size=newest.size if newest else 0,
        root=newest.root.hex() if newest else "",
        signed_at=newest.signed_at if newest else None,
        pending=now.pending,
    )


def audit_page(actor: Actor, wanted: EntryFilter, *, before: int | None) -> AuditPage:
    """Return the newest entries below `before` that pass the filter and that the actor may see."""
    found = entries(actor, wanted, before=before)
    return AuditPage(entry_lines(actor, found.rows), found.next_before)


def entry_overview(actor: Actor, index: int) -> EntryOverview:
    """Return one entry and its proof, checked here as anybody can check it; raises NotFound."""
    row = entry(actor, index)
    proof = proof_for(actor, index)
    payload = base64.b64decode(proof["payload"])
    path = [base64.b64decode(part) for part in proof["proof"]]
    signed = notes.parse_checkpoint(proof["checkpoint"].rpartition("\n\n")[0] + "\n")
    leaf = leaf_hash(payload)
    included = leaf.hex() == row.leaf_hash and verify_inclusion(
        leaf=leaf, index=index, size=signed.size, proof=path, root_hash=signed.root
    )
    document: Mapping[str, Any] = json.loads(payload)
    return EntryOverview(
        line=entry_lines(actor, [row])[0],
        payload=json.dumps(document, indent=2, ensure_ascii=False),
        private=[
            PrivateField(name, row.private.get(name), commitment)
            for name, commitment in document["commitments"].items()
        ],
        path=_steps(index, signed.size, path),
        size=signed.size,
        root=signed.root.hex(),
        checkpoint=proof["checkpoint"],
        included=included,
    )


def _steps(index: int, size: int, path: Sequence[bytes]) -> list[PathStep]:
    """Say for each hash of the path on which side it is joined (the walk of RFC 9162, section 2.1.3.2)."""
    steps, position, last = [], index, size - 1
    for sibling in path:
        left = bool(position % 2 or position == last)
        if left:
            while position % 2 == 0 and position != 0:
                position, last = position >> 1, last >> 1
        steps.append(PathStep("left" if left else "right", sibling.hex()))
        position, last = position >> 1, last >> 1
    return steps
