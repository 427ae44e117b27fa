from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import DatabaseError, connection, transaction

from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Forbidden
from portal.core.signatures import key_id, public_pem
from portal.keys.choices import Purpose
from portal.keys.errors import KeyNotCurrent, KeyRetired
from portal.keys.models import PublicKey
from portal.keys.services import decision_key, key_id_of, public_part, register_first_key, register_key
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db


def new_pem() -> str:
    return public_pem(ec.generate_private_key(ec.SECP256R1()).public_key())


def swap(keys: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    (keys / "decision.key").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def told() -> list[tuple[str, bool]]:
    return [(data["key_id"], data["until"] is None) for data in replayed("public_key").values()]


def test_the_first_signature_registers_the_key_that_was_there_and_the_second_does_not() -> None:
    key = decision_key()
    decision_key()
    [row] = PublicKey.objects.all()
    assert (row.key_id, row.pem) == (key_id(key.public_key()), public_pem(key.public_key()))
    assert row.valid_from is None, "what an older release signed with it counts, too"
    assert replayed("public_key") == {str(row.pk): row.public_state()}


def test_a_new_key_retires_the_one_before_and_the_ledger_tells_both() -> None:
    first = register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=new_pem())
    second = register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=new_pem())
    first.refresh_from_db()
    assert first.valid_until == second.valid_from
    assert (first.state, second.state) == ("retired", "active")
    assert told() == [(first.key_id, False), (second.key_id, True)]


def test_registering_the_current_key_again_changes_nothing() -> None:
    first = register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=new_pem())
    assert register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=first.pem) == first
    assert register_first_key(actor=SYSTEM, purpose=Purpose.DECISION) is None
    assert len(told()) == 1


def test_keys_of_two_purposes_do_not_retire_each_other(keys: Path) -> None:
    for purpose in Purpose:
        assert register_first_key(actor=SYSTEM, purpose=purpose)
    assert PublicKey.objects.filter(valid_until=None).count() == 2
    assert key_id_of(public_part(keys / "checkpoint.key")) == PublicKey.objects.get(purpose="checkpoint").key_id


def test_a_retired_key_does_not_come_back() -> None:
    first = register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=new_pem())
    register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=new_pem())
    with pytest.raises(KeyRetired, match="rotate_key decision"):
        register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=first.pem)


def test_a_private_key_that_was_swapped_by_hand_signs_nothing(keys: Path) -> None:
    decision_key()
    swap(keys)
    with pytest.raises(KeyNotCurrent, match="register_keys"):
        decision_key()


def test_nobody_registers_a_key_without_administering_the_installation() -> None:
    somebody = Actor(id="user:1", kind="user", name="Ann", user_id=1)
    with pytest.raises(Forbidden):
        register_key(actor=somebody, purpose=Purpose.DECISION, pem=new_pem())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE keys_publickey SET pem = 'other'",
        "UPDATE keys_publickey SET valid_from = now()",
        "DELETE FROM keys_publickey",
        "TRUNCATE keys_publickey",
        "UPDATE keys_publickey SET valid_until = NULL WHERE valid_until IS NOT NULL",
        "UPDATE keys_publickey SET valid_until = now() + interval '1 day' WHERE valid_until IS NOT NULL",
    ],
)
def test_the_database_refuses_to_change_what_was_registered(statement: str) -> None:
    register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=new_pem())
    register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=new_pem())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
