"""What a reader can check with programs that others wrote: files to attach, commands to run, a path to follow."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.signatures import pre_authentication_encoding

Document = Mapping[str, Any]
NOTE_KEY_BYTES = 4
"""Before the signature in a note's signature line (C2SP signed-note)."""
PROVED = ("governance.request.approved", "registry.release.activated")
"""The entry whose proof is printed: the first of these that is there, else the last entry."""


@dataclass(frozen=True)
class File:
    """A file attached to the PDF beside the snapshot."""

    name: str
    content: bytes
    about: str


@dataclass(frozen=True)
class Step:
    """One command, what it must print, and what that proves."""

    title: str
    command: str
    expect: str
    proves: str
    is_code: bool = True


def files(document: Document) -> list[File]:
    """Return the pieces of the document as other programs read them."""
    found = [*_decision_files(document), *_checkpoint_files(document)]
    entry = proved_entry(document)
    if entry is not None:
        payload = base64.b64decode(entry["payload"])
        found.append(File(f"entry-{entry['index']}.json", payload, f"ledger entry {entry['index']}, its exact bytes"))
    return found


def steps(document: Document, *, content_digest: str, pdf_name: str) -> list[Step]:
    """Return the commands, in the order in which they are to be run."""
    return [
        Step(
            "The data belongs to this PDF",
            f"pdfdetach -saveall {pdf_name}\nsha256sum snapshot.json",
            content_digest,
            "the attached data is what page 1 calls the content digest. Every number in this pack is in that file.",
        ),
        *_decision_steps(document),
        *_ledger_steps(document),
    ]


def proved_entry(document: Document) -> Document | None:
    """Return the entry whose inclusion is printed step by step; None where the ledger holds none."""
    entries: Sequence[Document] = document["ledger"]["entries"]
    for event in PROVED:
        for entry in reversed(entries):
            if entry["event"] == event:
                return entry
    return entries[-1] if entries else None


def audit_path(entry: Document, tree_size: int) -> list[dict[str, str]]:
    """Return the hashes of an inclusion proof with the side on which each stands (RFC 9162, section 2.1.3.2)."""
    position, last, path = entry["index"], tree_size - 1, []
    for encoded in entry["proof"]:
        is_left = bool(position & 1) or position == last
        path.append({"hash": base64.b64decode(encoded).hex(), "side": "left" if is_left else "right"})
        while is_left and not position & 1 and position:
            position, last = position >> 1, last >> 1
        position, last = position >> 1, last >> 1
    return path


def _signed_by_held_keys(document: Document) -> Iterator[tuple[Document, str]]:
    decision = document["decision"]
    for one in decision["signatures"] if decision else ():
        if one["key_id"] in decision["keys"] and one["envelope"].get("signatures"):
            yield one, decision["keys"][one["key_id"]]


def _decision_files(document: Document) -> Iterator[File]:
    keys: dict[str, str] = {}
    for one, pem in _signed_by_held_keys(document):
        envelope, seat = one["envelope"], one["seat"]
        payload = base64.b64decode(envelope["payload"])
        covered = pre_authentication_encoding(envelope["payloadType"], payload)
        yield File(f"decision-{seat}.pae", covered, f"the statement signed on seat {seat}, as its signature covers it")
        signature = base64.b64decode(envelope["signatures"][0]["sig"])
        yield File(f"decision-{seat}.sig", signature, f"the signature on seat {seat}")
        keys[one["key_id"]] = pem
    for key_id, pem in keys.items():
        yield File(_key_file(key_id), pem.encode(), f"public key of decisions, {key_id[:12]}")


def _key_file(key_id: str) -> str:
    """Return under which name a key is attached: after a rotation, decisions of one request have several."""
    return f"decision-key-{key_id[:12]}.pem"


def _checkpoint_files(document: Document) -> Iterator[File]:
    checkpoint = document["ledger"]["checkpoint"]
    text, _, signatures = checkpoint["note"].rpartition("\n\n")
    encoded = signatures.splitlines()[0].rpartition(" ")[2]
    yield File("checkpoint.note", checkpoint["note"].encode(), "the signed checkpoint in one piece")
    yield File("checkpoint.txt", f"{text}\n".encode(), "its text: origin, size, root")
    yield File("checkpoint.sig", base64.b64decode(encoded)[NOTE_KEY_BYTES:], "its signature (Ed25519)")
    yield File("checkpoint-key.pem", checkpoint["public_key"].encode(), "public key of the ledger")


def _decision_steps(document: Document) -> Iterator[Step]:
    for one, _ in _signed_by_held_keys(document):
        seat, digest = one["seat"], one["bundle_digest"]
        yield Step(
            f"The decision of {one['name']} was signed over this bundle",
            f"openssl dgst -sha256 -verify {_key_file(one['key_id'])} \\\n"
            f"  -signature decision-{seat}.sig decision-{seat}.pae\n"
            f"grep -c {digest} decision-{seat}.pae",
            "Verified OK, then 1",
            "the key of decisions signed a statement that holds the bundle digest, the name and the meaning.",
        )


def _ledger_steps(document: Document) -> Iterator[Step]:
    checkpoint = document["ledger"]["checkpoint"]
    yield Step(
        "The ledger stood where the pack says",
        "openssl pkeyutl -verify -pubin -inkey checkpoint-key.pem -rawin \\\n"
        "  -in checkpoint.txt -sigfile checkpoint.sig\ncat checkpoint.txt",
        "Signature Verified Successfully, then origin, size and root in base64",
        f"the key of the ledger signed its size, {checkpoint['size']:,}, and its root. Needs OpenSSL 3.",
    )
    entry = proved_entry(document)
    if entry is not None:
        yield Step(
            f"Entry {entry['index']} is in the ledger",
            f"(printf '\\000'; cat entry-{entry['index']}.json) | sha256sum",
            entry["leaf_hash"],
            "these bytes are the leaf from which the path in section 6 leads to the root. Each step there is "
            "SHA-256 over a byte 1, the left hash and the right hash.",
        )
