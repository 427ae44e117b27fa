from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.core.signatures import public_pem
from portal.keys.choices import Purpose
from portal.keys.errors import KeyUnknown
from portal.keys.models import PublicKey
from portal.keys.selectors import checkpoint_key, decision_keys, verifying_key
from portal.keys.services import register_key
from portal.ledger import notes

pytestmark = pytest.mark.django_db


def decision_pem() -> str:
    return public_pem(generate_private_key(SECP256R1()).public_key())


def note_by(key: Ed25519PrivateKey) -> str:
    body = notes.CheckpointBody(settings.LEDGER_ORIGIN, 1, bytes(32))
    return notes.sign(notes.checkpoint_text(body), name=settings.LEDGER_ORIGIN, key=key)


def registered(key: Ed25519PrivateKey) -> PublicKey:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return register_key(actor=SYSTEM, purpose=Purpose.CHECKPOINT, pem=pem)


def test_a_decision_is_verified_by_the_key_it_names_in_the_span_in_which_that_key_signed() -> None:
    before = now()
    first = register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=decision_pem())
    second = register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=decision_pem())
    first.refresh_from_db()
    found = decision_keys([first.key_id, second.key_id, "0" * 64])
    assert set(found) == {first.key_id, second.key_id}
    later = now() + timedelta(seconds=1)
    assert verifying_key(first, before - timedelta(days=400)) is not None
    assert verifying_key(first, later) is None
    assert verifying_key(second, before) is None
    assert verifying_key(second, later) is not None
    assert verifying_key(found.get("0" * 64), before) is None


def test_a_checkpoints_note_picks_its_key_by_the_hash_in_its_signature_line() -> None:
    former, present = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    registered(former)
    registered(present)
    for key in (former, present):
        assert checkpoint_key(note_by(key)).public_bytes_raw() == key.public_key().public_bytes_raw()


def test_a_note_by_a_key_that_nobody_registered_is_refused_with_what_to_do() -> None:
    registered(Ed25519PrivateKey.generate())
    with pytest.raises(KeyUnknown, match="register_keys"):
        checkpoint_key(note_by(Ed25519PrivateKey.generate()))
