"""Registering and retiring the installation's public keys, and taking the one key that signs decisions."""

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from django.db import connection, transaction

from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from portal.core.signatures import load_private_key, public_pem
from portal.keys.choices import FILES, Purpose
from portal.keys.errors import KeyNotCurrent, KeyRetired
from portal.keys.events import KEY_REGISTERED, KEY_RETIRED
from portal.keys.models import PublicKey
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append

_TURN = 0x6B657973  # advisory lock: one change of the registry at a time ("keys")


def key_id_of(pem: str) -> str:
    """Return the SHA-256 of the DER public key, the name under which signatures refer to it."""
    encoded = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(encoded).hexdigest()


def public_part(private: Path) -> str:
    """Return the public part, as PEM, of a private key's file."""
    key = load_pem_private_key(private.read_bytes(), password=None).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@transaction.atomic
def register_key(*, actor: Actor, purpose: Purpose, pem: str) -> PublicKey:
    """Register the key that signs for the purpose from now on, and retire the one before; safe to repeat.

    Raises KeyRetired for a key that was retired.
    """
    actor.require("administer", None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
    key_id = key_id_of(pem)
    if known := PublicKey.objects.filter(key_id=key_id).first():
        if known.valid_until is None and known.purpose == purpose:
            return known
        raise KeyRetired(
            f"The {known.purpose} key {key_id[:12]} was registered before and does not sign again. "
            f"Make a new one: manage.py rotate_key {purpose}"
        )
    # Waits for whoever signs with the former key at this moment: that signature is older than the change.
    former = PublicKey.objects.current(purpose).select_for_update().first()
    at = now()
    if former is not None:
        former.valid_until = at
        former.save(update_fields=["valid_until"])
        _record(former, actor, KEY_RETIRED)
    made = PublicKey.objects.create(purpose=purpose, key_id=key_id, pem=pem, valid_from=at if former else None)
    _record(made, actor, KEY_REGISTERED)
    return made


def register_first_key(*, actor: Actor, purpose: Purpose) -> PublicKey | None:
    """Register the key that lies in KEYS_DIR where the purpose has none yet; return it when it was registered now."""
    if PublicKey.objects.filter(purpose=purpose).exists():
        return None
    return register_key(actor=actor, purpose=purpose, pem=public_part(settings.KEYS_DIR / FILES[purpose]))


def decision_key() -> EllipticCurvePrivateKey:
    """Return the private key that signs decisions; nobody rotates it before the caller's transaction ends.

    The first one is registered by its first use. Raises KeyNotCurrent for a key that is not the registered one.
    """
    register_first_key(actor=SYSTEM, purpose=Purpose.DECISION)
    # FOR KEY SHARE: signers do not wait for each other, a rotation waits for them.
    share = "SELECT * FROM keys_publickey WHERE purpose = %s AND valid_until IS NULL FOR KEY SHARE"
    registered = next(iter(PublicKey.objects.raw(share, [Purpose.DECISION])), None)
    key = load_private_key(Path(settings.KEYS_DIR) / FILES[Purpose.DECISION])
    if registered is None or registered.pem != public_pem(key.public_key()):
        raise KeyNotCurrent(
            "The decision key on this machine is not the one that is registered, so nothing is signed with it. "
            "An administrator of the machine puts the right one there, or runs manage.py register_keys."
        )
    return key


def _record(key: PublicKey, actor: Actor, event: EventType) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("public_key", str(key.pk), str(key)),
        data=key.public_state(),
        topics=(f"key:{key.key_id}",),
    )
