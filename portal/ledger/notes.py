"""Signed notes and checkpoints (C2SP signed-note and tlog-checkpoint), with Ed25519 keys."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from portal.core.errors import Invalid

ED25519 = b"\x01"
KEY_ID_BYTES = 4
HASH_BYTES = 32


class NoteInvalid(Invalid):
    """A note is malformed, or not signed by the key asked for."""

    code = "note_invalid"


class NoteNotSigned(NoteInvalid):
    """A note has no signature by the key asked for."""


@dataclass(frozen=True)
class CheckpointBody:
    """What a checkpoint states."""

    origin: str
    size: int
    root: bytes


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a PEM private key of Ed25519; raises TypeError for another kind."""
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path.name} holds no Ed25519 key")
    return key


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """Return the first four bytes of sha256(name || LF || 0x01 || key) (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + key.public_bytes_raw()).digest()[:KEY_ID_BYTES]


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """Return the public key as verifiers of notes take it: name+id+base64 (C2SP signed-note)."""
    return f"{name}+{key_id(name, key).hex()}+{base64.b64encode(ED25519 + key.public_bytes_raw()).decode()}"


def read_verifier(line: str) -> Ed25519PublicKey:
    """Read a public key as verifiers of notes take it; raises NoteInvalid."""
    encoded = _decoded(line.split("+", 2)[-1])  # base64 has pluses of its own
    if encoded[:1] != ED25519 or len(encoded) != 1 + HASH_BYTES:
        raise NoteInvalid("A kept verifier key is malformed.")
    return Ed25519PublicKey.from_public_bytes(encoded[1:])


def sign(text: str, *, name: str, key: Ed25519PrivateKey) -> str:
    """Return the note: the text, a blank line and one signature line."""
    _check_text(text)
    signature = key_id(name, key.public_key()) + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n"


def verify(note: str, *, name: str, key: Ed25519PublicKey) -> str:
    """Return the text of a note signed by this key; raises NoteInvalid."""
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise NoteInvalid("The note has no signature part.")
    text += "\n"
    _check_text(text)
    wanted, found = key_id(name, key), False
    for line in signatures.removesuffix("\n").split("\n"):
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        signature = _decoded(encoded)
        if dash != "—" or not signer or len(signature) <= KEY_ID_BYTES:
            raise NoteInvalid("The note has a malformed signature line.")
        if signer == name and signature[:KEY_ID_BYTES] == wanted:
            try:
                key.verify(signature[KEY_ID_BYTES:], text.encode())
            except InvalidSignature:
                raise NoteInvalid("The note's signature does not match its text.") from None
            found = True
    if not found:
        raise NoteNotSigned(f"The note is not signed by {name}.")
    return text


def verify_by_any(note: str, *, name: str, keys: Sequence[Ed25519PublicKey]) -> tuple[str, int]:
    """Return the text of a note and the place of the last of these keys that signed it; raises NoteInvalid."""
    for place in reversed(range(len(keys))):
        try:
            return verify(note, name=name, key=keys[place]), place
        except NoteNotSigned:
            continue
    raise NoteNotSigned(f"The note is not signed by {name}.")


def checkpoint_text(body: CheckpointBody) -> str:
    """Return the text of a checkpoint: origin, size and root, a line each (C2SP tlog-checkpoint)."""
    return f"{body.origin}\n{body.size}\n{base64.b64encode(body.root).decode()}\n"


def parse_checkpoint(text: str) -> CheckpointBody:
    """Read the text of a checkpoint; raises NoteInvalid."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or lines[-1]:  # noqa: PLR2004  (three lines and the last line's end)
        raise NoteInvalid("The checkpoint does not have an origin, a size and a root.")
    origin, size, encoded = lines[:3]
    root = _decoded(encoded)
    if not size.isdecimal() or not size.isascii() or str(int(size)) != size or len(root) != HASH_BYTES:
        raise NoteInvalid("The checkpoint's size or root is malformed.")
    return CheckpointBody(origin, int(size), root)


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(ord(letter) < ord(" ") and letter != "\n" for letter in text):
        raise NoteInvalid("A note's text ends with a line feed and has no other control characters.")


def _decoded(text: str) -> bytes:
    try:
        result = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return result if base64.b64encode(result).decode() == text else b""
