from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings

from portal.ledger import keeping, notes
from portal.ledger.errors import CheckpointKeyUnknown
from portal.ledger.handover import hand_over
from portal.ledger.models import Checkpoint
from portal.ledger.sequencing import Connection, sequence_batch
from portal.ledger.verification import verify_ledger
from tests.portal.ledger.cast import write, write_many

pytestmark = pytest.mark.django_db(transaction=True)


def put(home: Path, key: Ed25519PrivateKey) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (home / "keys" / "checkpoint.key").write_bytes(pem)


def present(home: Path) -> Ed25519PrivateKey:
    return notes.load_key(home / "keys" / "checkpoint.key")


def signed_by(key: Ed25519PrivateKey, size: int) -> bool:
    note = Checkpoint.objects.get(size=size).note
    try:
        notes.verify(note, name=settings.LEDGER_ORIGIN, key=key.public_key())
    except notes.NoteNotSigned:
        return False
    return True


def test_the_former_key_signs_what_was_pending_and_the_next_entry_is_the_new_ones(
    sequencer: Connection, home: Path
) -> None:
    former, successor = present(home), Ed25519PrivateKey.generate()
    write_many(3)
    sequence_batch(sequencer)
    write(3)
    hand_over(sequencer, successor=successor.public_key(), put_in_place=lambda: put(home, successor))
    write(4)
    sequence_batch(sequencer)
    assert [signed_by(former, size) for size in (3, 4, 5)] == [True, True, False]
    assert signed_by(successor, 5)
    result = verify_ledger()
    assert (result.problems, result.checkpoints) == ((), 3)


def test_a_handover_that_a_crash_cut_short_is_finished_by_repeating_it(sequencer: Connection, home: Path) -> None:
    successor = Ed25519PrivateKey.generate()
    write(1)

    def crash() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        hand_over(sequencer, successor=successor.public_key(), put_in_place=crash)
    write(2)
    with pytest.raises(CheckpointKeyUnknown, match="rotate_key checkpoint"):
        sequence_batch(sequencer)
    hand_over(sequencer, successor=successor.public_key(), put_in_place=lambda: put(home, successor))
    assert sequence_batch(sequencer) == 1
    assert len(keeping.verifiers(home / "checkpoints")) == 2
    assert verify_ledger().intact


def test_a_key_that_was_swapped_by_hand_signs_nothing(sequencer: Connection, home: Path) -> None:
    write(1)
    sequence_batch(sequencer)
    put(home, Ed25519PrivateKey.generate())
    write(2)
    with pytest.raises(CheckpointKeyUnknown):
        sequence_batch(sequencer)


def test_the_former_key_can_not_sign_again_behind_its_successor(sequencer: Connection, home: Path) -> None:
    former, successor = present(home), Ed25519PrivateKey.generate()
    write(1)
    sequence_batch(sequencer)
    hand_over(sequencer, successor=successor.public_key(), put_in_place=lambda: put(home, successor))
    write(2)
    sequence_batch(sequencer)
    text, _ = notes.verify_by_any(
        keeping.latest(home / "checkpoints") or "", name=settings.LEDGER_ORIGIN, keys=[successor.public_key()]
    )
    body = notes.parse_checkpoint(text)
    forged = notes.CheckpointBody(body.origin, body.size, body.root)
    keeping.keep(
        home / "checkpoints", notes.sign(notes.checkpoint_text(forged), name=settings.LEDGER_ORIGIN, key=former)
    )
    assert verify_ledger().problems[0].endswith("signed with a key that another had replaced by then")


def test_where_the_former_key_was_lost_the_new_one_goes_on_and_what_was_signed_still_verifies(
    sequencer: Connection, home: Path
) -> None:
    write(1)
    sequence_batch(sequencer)
    (home / "keys" / "checkpoint.key").unlink()
    successor = Ed25519PrivateKey.generate()
    write(2)
    hand_over(
        sequencer, successor=successor.public_key(), put_in_place=lambda: put(home, successor), former_signs=False
    )
    assert sequence_batch(sequencer) == 1
    assert verify_ledger().intact


def test_who_verifies_needs_no_private_key(sequencer: Connection, home: Path) -> None:
    write(1)
    sequence_batch(sequencer)
    assert keeping.verifiers(home / "checkpoints") == [
        notes.verifier_key(settings.LEDGER_ORIGIN, present(home).public_key())
    ]
    (home / "keys" / "checkpoint.key").unlink()
    assert verify_ledger().intact
