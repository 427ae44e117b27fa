"""DSSE envelopes over in-toto Statements, ECDSA P-256 (DSSE v1; in-toto Statement v1)."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from portal.core.canonical import canonical_json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


def load_private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a PEM private key of the P-256 curve."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} holds no elliptic curve key")
    return key


def public_pem(key: PublicKey) -> str:
    """Return the public key as PEM text."""
    encoded = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


def key_id(key: PublicKey) -> str:
    """Return the SHA-256 of the DER public key, the name under which signatures refer to it."""
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(encoded).hexdigest()


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that a DSSE signature covers (DSSE v1, "PAE")."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def statement(
    *, subject_name: str, subject_sha256: str, predicate_type: str, predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an in-toto Statement about one subject."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": subject_name, "digest": {"sha256": subject_sha256}}],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }


def sign(statement_body: Mapping[str, Any], key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """Return a DSSE envelope whose payload is the statement in canonical JSON."""
    payload = canonical_json(dict(statement_body))
    signature = key.sign(pre_authentication_encoding(PAYLOAD_TYPE, payload), ec.ECDSA(hashes.SHA256()))
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key_id(key.public_key()), "sig": base64.b64encode(signature).decode()}],
    }


def verify(envelope: Mapping[str, Any], key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the signed payload; raises InvalidSignature unless one signature is by this key."""
    payload = base64.b64decode(cast("str", envelope["payload"]), validate=True)
    covered = pre_authentication_encoding(cast("str", envelope["payloadType"]), payload)
    wanted = key_id(key)
    for entry in cast("list[dict[str, str]]", envelope["signatures"]):
        if entry["keyid"] == wanted:
            key.verify(base64.b64decode(entry["sig"], validate=True), covered, ec.ECDSA(hashes.SHA256()))
            return payload
    raise InvalidSignature(f"no signature by key {wanted[:12]}")
