import os
import threading
from contextlib import closing
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from portal.core.actors import SYSTEM
from portal.core.signatures import key_id
from portal.keys.choices import Purpose
from portal.keys.errors import KeyNotCurrent
from portal.keys.models import PublicKey
from portal.keys.services import decision_key, key_id_of, public_part, register_first_key
from portal.ledger import keeping
from portal.ledger.sequencing import sequence_batch
from portal.ledger.verification import verify_ledger
from portal.runtime import rotation
from portal.runtime.keys import make_keys
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Settings) -> Path:
    settings.HOME, settings.KEYS_DIR = tmp_path, tmp_path / "keys"
    make_keys(settings.KEYS_DIR)
    return tmp_path / "keys"


def said(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def signing_key() -> str:
    with transaction.atomic():
        return key_id(decision_key().public_key())


def sequence() -> None:
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as connection:
        sequence_batch(connection)


def current(purpose: Purpose) -> str:
    return PublicKey.objects.get(purpose=purpose, valid_until=None).key_id


def test_every_key_is_registered_once(keys: Path) -> None:
    assert said("register_keys").endswith("Registered.\n")
    assert said("register_keys") == "Nothing new: these keys are registered.\n"
    assert current(Purpose.DECISION) == key_id_of(public_part(keys / "decision.key"))
    assert current(Purpose.CHECKPOINT) == key_id_of(public_part(keys / "checkpoint.key"))


def test_a_decision_key_is_replaced_and_only_its_public_part_stays(keys: Path) -> None:
    former = signing_key()
    answer = said("rotate_key", "decision")
    assert current(Purpose.DECISION) in answer
    assert signing_key() == current(Purpose.DECISION) != former
    assert PublicKey.objects.get(key_id=former).valid_until
    assert {path.name for path in keys.iterdir()} == {"secret_key", "encryption.key", "decision.key", "checkpoint.key"}
    assert (keys / "decision.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_was_never_registered_is_before_it_is_replaced(keys: Path) -> None:
    former = key_id_of(public_part(keys / "decision.key"))
    said("rotate_key", "decision")
    assert PublicKey.objects.get(key_id=former).valid_until
    assert PublicKey.objects.count() == 2


def test_a_rotation_waits_for_the_signature_that_is_being_made() -> None:
    signing, signed = threading.Event(), threading.Event()
    order: list[str] = []

    def sign() -> None:
        with closing(connection), transaction.atomic():
            decision_key()
            signing.set()
            signed.wait(10)
            order.append("signed")

    def rotate() -> None:
        with closing(connection):
            rotation.rotate_decision_key()
            order.append("rotated")

    signing_key()
    signer, rotator = threading.Thread(target=sign), threading.Thread(target=rotate)
    signer.start()
    assert signing.wait(10)
    rotator.start()
    rotator.join(0.3)
    assert rotator.is_alive()
    signed.set()
    signer.join(10)
    rotator.join(10)
    assert order == ["signed", "rotated"]


def test_a_rotation_that_ended_between_file_and_registry_is_refused_by_signers_and_mended_by_registering(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signing_key()

    def crash(successor: Path, path: Path) -> None:
        successor.replace(path)
        raise InterruptedError

    monkeypatch.setattr(rotation, "put_in_place", crash)
    with pytest.raises(InterruptedError):
        rotation.rotate_decision_key()
    with pytest.raises(KeyNotCurrent):
        signing_key()
    said("register_keys")
    assert signing_key() == current(Purpose.DECISION)


def test_a_checkpoint_key_is_replaced_after_it_signed_the_entry_that_names_the_next(keys: Path) -> None:
    said("register_keys")
    sequence()
    former = public_part(keys / "checkpoint.key")
    assert current(Purpose.CHECKPOINT) != current(Purpose.DECISION)
    said("rotate_key", "checkpoint")
    assert public_part(keys / "checkpoint.key") != former
    assert current(Purpose.CHECKPOINT) == key_id_of(public_part(keys / "checkpoint.key"))
    said("rotate_key", "decision")
    sequence()
    assert verify_ledger().intact
    assert len(keeping.verifiers(django_settings.HOME / "checkpoints")) == 2


def test_a_checkpoint_rotation_that_a_crash_cut_short_goes_on_with_the_same_key(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_first_key(actor=SYSTEM, purpose=Purpose.CHECKPOINT)

    def crash(*_: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "put_in_place", crash)
        with pytest.raises(InterruptedError):
            rotation.rotate_checkpoint_key()
    said("rotate_key", "checkpoint")
    assert PublicKey.objects.filter(purpose=Purpose.CHECKPOINT).count() == 2
    assert current(Purpose.CHECKPOINT) == key_id_of(public_part(keys / "checkpoint.key"))
    assert not (keys / "checkpoint.key.new").exists()


def test_a_lost_checkpoint_key_has_to_be_said(keys: Path) -> None:
    said("register_keys")
    sequence()
    (keys / "checkpoint.key").unlink()
    with pytest.raises(CommandError, match=r"checkpoint\.key"):
        said("rotate_key", "checkpoint")
    said("rotate_key", "checkpoint", "--former-lost")
    sequence()
    assert verify_ledger().intact


def test_the_former_session_key_is_kept_aside_for_those_who_are_signed_in(keys: Path) -> None:
    before = (keys / "secret_key").read_text()
    said("rotate_key", "session")
    assert (keys / "secret_key.former").read_text() == before != (keys / "secret_key").read_text()
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}


def test_who_is_signed_in_stays_so_over_a_rotation_and_not_over_one_at_once(client: Client, settings: Settings) -> None:
    client.force_login(UserFactory.create())
    assert client.get("/keys").status_code == 200
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
    assert client.get("/keys").status_code == 200
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "newer" * 20, []
    assert client.get("/keys").status_code == 302


def test_after_a_leak_nothing_of_the_session_key_is_kept(keys: Path) -> None:
    said("rotate_key", "session")
    assert "signs in again" in said("rotate_key", "session", "--at-once")
    assert not (keys / "secret_key.former").exists()
