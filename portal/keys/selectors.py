"""Reads of the registry: the key that verifies a signature, by key id and time."""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings

from portal.keys.choices import Purpose
from portal.keys.errors import KeyUnknown
from portal.keys.models import PublicKey
from portal.ledger import notes


def decision_keys(key_ids: Iterable[str]) -> dict[str, PublicKey]:
    """Return the registered keys of decisions with these ids, by id."""
    rows = PublicKey.objects.filter(purpose=Purpose.DECISION, key_id__in=set(key_ids))
    return {row.key_id: row for row in rows}


def verifying_key(row: PublicKey | None, signed_at: datetime) -> EllipticCurvePublicKey | None:
    """Return the key with which to verify a decision; None where it was not the installation's at that time."""
    if row is None or not row.covers(signed_at):
        return None
    key = load_pem_public_key(row.pem.encode())
    return key if isinstance(key, EllipticCurvePublicKey) else None


def checkpoint_key(note: str) -> Ed25519PublicKey:
    """Return the registered key that signed a checkpoint's note, by the key hash in it; raises KeyUnknown."""
    wanted = _key_hashes(note)
    for row in PublicKey.objects.filter(purpose=Purpose.CHECKPOINT):
        key = load_pem_public_key(row.pem.encode())
        if isinstance(key, Ed25519PublicKey) and notes.key_id(note.partition("\n")[0], key) in wanted:
            return key
    raise KeyUnknown("The key that signed the newest checkpoint is not registered: run manage.py register_keys.")


def verifier_key(row: PublicKey) -> str | None:
    """Return a checkpoint key as verifiers of signed notes take it; None for keys that sign no notes."""
    key = load_pem_public_key(row.pem.encode())
    return notes.verifier_key(settings.LEDGER_ORIGIN, key) if isinstance(key, Ed25519PublicKey) else None


def _key_hashes(note: str) -> set[bytes]:
    lines = note.rpartition("\n\n")[2].splitlines()
    found = set()
    for line in lines:
        try:
            found.add(base64.b64decode(line.rpartition(" ")[2], validate=True)[: notes.KEY_ID_BYTES])
        except (binascii.Error, ValueError):
            continue
    return found
