"""A new key in place of an old one; what was signed before still verifies with the old one's public part."""

import os
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.db import transaction

from portal.core.actors import SYSTEM
from portal.keys.choices import FILES, Purpose
from portal.keys.models import PublicKey
from portal.keys.services import public_part, register_first_key, register_key
from portal.ledger.handover import hand_over
from portal.runtime.keys import make_successor, put_in_place

FORMER_SECRET = "secret_key.former"  # noqa: S105  (a file's name)


def register_keys() -> list[PublicKey]:
    """Register the public part of every private key that this user can read and that is not registered yet."""
    made = []
    for purpose, name in FILES.items():
        path = Path(settings.KEYS_DIR) / name
        if os.access(path, os.R_OK):
            before = set(PublicKey.objects.values_list("pk", flat=True))
            registered = register_key(actor=SYSTEM, purpose=purpose, pem=public_part(path))
            made += [registered] if registered.pk not in before else []
    return made


def rotate_decision_key() -> PublicKey:
    """Sign decisions with a new key from now on.

    The old private key is destroyed: verifying takes its public part, and a copy could only sign what nobody decided.
    """
    path = _registered(Purpose.DECISION)
    successor = make_successor(path)
    with transaction.atomic():
        # Those who sign read the key while they hold the row, so they meet both old or both new.
        made = register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=public_part(successor))
        put_in_place(successor, path)
    return made


def rotate_checkpoint_key(*, former_lost: bool = False) -> PublicKey:
    """Sign checkpoints with a new key, once the old one has signed the entry that names it.

    The old private key is destroyed: with it, and nothing else, another history could be signed.
    """
    path = _registered(Purpose.CHECKPOINT)
    successor = make_successor(path)
    pem = public_part(successor)
    made = register_key(actor=SYSTEM, purpose=Purpose.CHECKPOINT, pem=pem)
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, Ed25519PublicKey)  # noqa: S101  (made so)
    with psycopg.connect(settings.DATABASE_SEQUENCER_URL or "", autocommit=True, connect_timeout=10) as connection:
        hand_over(
            connection,
            successor=key,
            put_in_place=lambda: put_in_place(successor, path),
            former_signs=not former_lost,
        )
    return made


def rotate_session_key(*, at_once: bool) -> None:
    """Sign sessions with a new key; the old one is kept aside, so that nobody has to sign in again, unless at once."""
    path = Path(settings.KEYS_DIR) / "secret_key"
    successor, former = make_successor(path), path.with_name(FORMER_SECRET)
    former.unlink(missing_ok=True)
    if path.exists() and not at_once:
        former.hardlink_to(path)
    put_in_place(successor, path)


def _registered(purpose: Purpose) -> Path:
    """Return where the present key lies; what it signed must verify later, so its public part is known from now on."""
    path = Path(settings.KEYS_DIR) / FILES[purpose]
    if path.exists():
        register_first_key(actor=SYSTEM, purpose=purpose)
    return path
