"""The commit that a version was trained from, as git keeps it, and the SSH signature inside it.

A commit's name is the hash of its bytes, so who has the bytes knows its authors; the signature says who made it.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from portal.core import signatures
from registry.rules.signer_keys import HASHES, UNKNOWN_KEY, VERIFIED, KnownKey

LARGEST_COMMIT = 64 << 10
"""Bytes."""
UNSIGNED, OTHER_KIND = "unsigned", "other_kind"
MAGIC, NAMESPACE, DIGESTS = b"SSHSIG", b"git", (b"sha256", b"sha512")
_NAMES: Mapping[int, tuple[str, bytes]] = {40: ("sha1", b"gpgsig"), 64: ("sha256", b"gpgsig-sha256")}
"""By the length of a commit's name: its hash, and the header of its signature (git, hash-function-transition)."""
_KINDS = (b"ssh-ed25519", b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp384", b"ecdsa-sha2-nistp521")
_SIGNATURE_HEADERS = (b"gpgsig ", b"gpgsig-sha256 ")
_ARMOUR = re.compile(rb"-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\n?")
_AUTHOR = re.compile(rb"[^<>\n]*<([^<>\n]+)> \d+ [+-]\d{4}")


class NotTheCommit(ValueError):
    """What was sent is not the commit that is named, or its signature is not over it; the words say what to do."""


@dataclass(frozen=True)
class Told:
    """What a commit's bytes tell: its author, and what its signature comes to; only `verified` says who signed."""

    result: str
    author: str
    """The author's e-mail address, in lower case."""
    key_id: str = ""
    signer: str = ""
    """What the registered key is called."""

    def as_dict(self) -> dict[str, Any]:
        """Return what the training run keeps; the address stays with the authors."""
        kept = asdict(self)
        del kept["author"]
        return kept


def judge(text: str, *, commit: str, keys: Sequence[KnownKey]) -> Told:
    """Return what the commit's text (`git cat-file commit`) tells, read against a team's keys; raises NotTheCommit.

    A key that was withdrawn counts as unknown: nobody vouches for it any more.
    """
    data = text.encode()
    if len(data) > LARGEST_COMMIT:
        raise NotTheCommit(f"A commit of more than {LARGEST_COMMIT >> 10} KiB is not read.")
    digest, header = _NAMES.get(len(commit), ("sha256", b""))
    named = hashlib.new(digest, b"commit %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest()
    if named != commit:
        raise NotTheCommit(
            f"These bytes are not commit {commit[:12]}. Send what `git cat-file commit` prints for the full name."
        )
    headers, unsigned = _parted(data)
    author = _AUTHOR.fullmatch(headers.get(b"author", b""))
    if author is None:
        raise NotTheCommit("The commit names no author with an e-mail address.")
    address = author[1].decode().strip().lower()
    signature = headers.get(header, b"")
    if not signature:
        return Told(UNSIGNED, address)
    armour = _ARMOUR.fullmatch(signature)
    if armour is None:
        return Told(OTHER_KIND, address)
    key_id = _signer(armour[1], unsigned)
    if not key_id:
        return Told(OTHER_KIND, address)
    key = next((one for one in keys if one.key_id == key_id and one.withdrawn_at is None), None)
    return Told(VERIFIED if key else UNKNOWN_KEY, address, key_id, key.name if key else "")


def _parted(data: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """Return a commit's headers, and the commit without its signatures: what a signature covers."""
    head, _, message = data.partition(b"\n\n")
    lines = re.split(rb"\n(?! )", head)
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b" ")
        headers.setdefault(name, value.replace(b"\n ", b"\n"))
    return headers, b"\n".join(line for line in lines if not line.startswith(_SIGNATURE_HEADERS)) + b"\n\n" + message


def _signer(armoured: bytes, covered: bytes) -> str:
    """Return the id of the key that signed the bytes (OpenSSH, PROTOCOL.sshsig), or "" for one of a kind not read here.

    Raises NotTheCommit.
    """
    try:
        public, kind, digest, blob = _read(armoured)
        if kind not in _KINDS:
            return ""
        key = serialization.load_ssh_public_key(kind + b" " + base64.b64encode(public))
        signed = MAGIC + b"".join(
            map(_string, (NAMESPACE, b"", digest, hashlib.new(digest.decode(), covered).digest()))
        )
        return _verified(key, blob, signed)
    except (ValueError, struct.error, InvalidSignature):
        raise NotTheCommit("Its signature does not fit it. Send the commit as it is, or sign it anew.") from None


def _read(armoured: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return key, its kind, digest and signature of an SSH signature by git; raises ValueError and struct.error."""
    data = base64.b64decode(armoured.replace(b"\n", b""), validate=True)
    public, namespace, _, digest, signature = _strings(data[10:], 5)
    (kind, _), (algorithm, blob) = _strings(public, 1, rest=True), _strings(signature, 2)
    if data[:10] != MAGIC + struct.pack(">I", 1) or namespace != NAMESPACE or digest not in DIGESTS:
        raise ValueError("no SSH signature of version 1 by git")
    if algorithm != kind and kind in _KINDS:
        raise ValueError("the signature is not of its key's kind")
    return public, kind, digest, blob


def _verified(key: PublicKeyTypes, blob: bytes, signed: bytes) -> str:
    """Return the id of the key; raises InvalidSignature."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(blob, signed)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        r, s = (int.from_bytes(part) for part in _strings(blob, 2))
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(HASHES[key.curve.name]))
    else:
        raise InvalidSignature
    return signatures.key_id(key)


def _strings(data: bytes, count: int, *, rest: bool = False) -> list[bytes]:
    """Return so many strings (RFC 4251, section 5) that fill the data, or the data after them, too."""
    found, at = [], 0
    for _ in range(count):
        (length,) = struct.unpack_from(">I", data, at)
        at += 4 + length
        if at > len(data):
            raise ValueError("a string is longer than its data")
        found.append(data[at - length : at])
    if rest:
        return [*found, data[at:]]
    if at != len(data):
        raise ValueError("something follows the last string")
    return found


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data
