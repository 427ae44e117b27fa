import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.core.errors import Forbidden
from portal.ledger import keeping, merkle, notes, sequencing, services
from portal.ledger.errors import LedgerRolledBack
from portal.ledger.models import Checkpoint, Entry, PendingEntry, PrivateText, Tile
from portal.ledger.sequencing import Connection, sequence_batch
from portal.ledger.services import erase_private
from portal.ledger.verification import verify_ledger
from tests.portal.ledger.cast import ANN, write, write_many

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
Connect = Callable[[str], Connection]
Tamper = Callable[[str], None]


def test_pending_entries_get_dense_indices_in_order(sequencer: Connection) -> None:
    for number in range(5):
        write(number, private={"note": f"text {number}"})
    assert [sequence_batch(sequencer, limit=3) for _ in range(3)] == [3, 2, 0]
    rows = list(Entry.objects.order_by("index"))
    assert [row.index for row in rows] == [0, 1, 2, 3, 4]
    assert [row.subject_id for row in rows] == ["0", "1", "2", "3", "4"]
    assert not PendingEntry.objects.exists()
    for row in rows:
        assert bytes(row.leaf_hash) == merkle.leaf_hash(bytes(row.payload))
        assert str(row.event_id) == row.document["id"]
    assert list(PrivateText.objects.order_by("entry_id").values_list("text", flat=True)) == [
        f"text {n}" for n in range(5)
    ]


def test_checkpoint_is_signed_and_kept_outside_the_database(
    sequencer: Connection, home: Path, settings: Settings
) -> None:
    write_many(3)
    sequence_batch(sequencer)
    head = sequencing.head(sequencer)
    assert head is not None
    assert head.root == merkle.root([bytes(row.leaf_hash) for row in Entry.objects.order_by("index")])
    key = notes.load_key(settings.KEYS_DIR / "checkpoint.key").public_key()
    body = notes.parse_checkpoint(notes.verify(head.note, name=settings.LEDGER_ORIGIN, key=key))
    assert (body.origin, body.size, body.root) == (settings.LEDGER_ORIGIN, 3, head.root)
    assert keeping.latest(home / "checkpoints") == head.note


def test_full_tiles_are_stored_and_the_tree_grows_over_batches(sequencer: Connection) -> None:
    for start, count in ((0, 250), (250, 10), (260, 300)):
        write_many(count, start=start)
        sequence_batch(sequencer)
    assert list(Tile.objects.order_by("number").values_list("level", "number")) == [(0, 0), (0, 1)]
    leaves = [bytes(row) for row in Entry.objects.order_by("index").values_list("leaf_hash", flat=True)]
    for checkpoint in Checkpoint.objects.all():
        assert bytes(checkpoint.root) == merkle.root(leaves[: checkpoint.size])


def test_clock_that_is_set_back_changes_no_order(sequencer: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = now()
    for number, hours in enumerate((0, 2, -1, 1)):
        at = begin + timedelta(hours=hours)
        monkeypatch.setattr(services, "now", lambda at=at: at)
        monkeypatch.setattr(sequencing, "now", lambda at=at: at)
        write(number)
        assert sequence_batch(sequencer) == 1
    assert list(Entry.objects.order_by("index").values_list("subject_id", flat=True)) == ["0", "1", "2", "3"]
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [1, 2, 3, 4]
    assert verify_ledger().intact


def test_no_event_of_an_open_transaction_is_sequenced(sequencer: Connection) -> None:
    with transaction.atomic():
        write()
        assert sequence_batch(sequencer) == 0
    assert sequence_batch(sequencer) == 1


def test_two_sequencers_take_turns(connect_as: Connect) -> None:
    write_many(400)
    counts: list[int] = []

    def work(own: Connection) -> None:
        while count := sequence_batch(own, limit=20):
            counts.append(count)

    threads = [threading.Thread(target=work, args=(connect_as("sequencer"),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 400
    assert list(Entry.objects.order_by("index").values_list("index", flat=True)) == list(range(400))


def test_nothing_is_signed_below_the_checkpoint_kept_outside(sequencer: Connection, tamper: Tamper) -> None:
    write_many(2)
    sequence_batch(sequencer)
    write(3)
    sequence_batch(sequencer)
    tamper("DELETE FROM ledger_entry WHERE index >= 2")
    tamper("DELETE FROM ledger_checkpoint WHERE size > 2")
    with pytest.raises(LedgerRolledBack, match="holds 2 entries; a checkpoint of 3 was signed"):
        sequence_batch(sequencer)


def test_log_that_was_rewritten_is_not_extended(sequencer: Connection, tamper: Tamper) -> None:
    write_many(5)
    sequence_batch(sequencer)
    write(6)
    tamper("UPDATE ledger_entry SET leaf_hash = sha256('other') WHERE index = 2")
    with pytest.raises(LedgerRolledBack, match="do not have the root that checkpoint 5 signed"):
        sequence_batch(sequencer)
    assert PendingEntry.objects.count() == 1


def test_checkpoint_that_a_crash_left_unkept_is_kept_next_time(sequencer: Connection, home: Path) -> None:
    write(1)
    sequence_batch(sequencer)
    first = keeping.latest(home / "checkpoints")
    write(2)
    sequence_batch(sequencer)
    assert first is not None
    (home / "checkpoints" / "latest").write_text(first)
    assert sequence_batch(sequencer) == 0
    head = sequencing.head(sequencer)
    assert head is not None
    assert keeping.latest(home / "checkpoints") == head.note


def test_connection_without_autocommit_is_refused(connect_as: Connect) -> None:
    own = connect_as("sequencer")
    own.autocommit = False
    with pytest.raises(RuntimeError, match="autocommit"):
        sequence_batch(own)


@pytest.mark.parametrize("role", ["app", "sequencer", "owner"])
def test_no_role_changes_what_is_in_the_log(sequencer: Connection, connect_as: Connect, role: str) -> None:
    write_many(256)
    write(1, private={"note": "text"})
    sequence_batch(sequencer)
    own = connect_as(role)
    columns = {
        "ledger_entry": "event",
        "ledger_checkpoint": "note",
        "ledger_privatetext": "text",
        "ledger_tile": "root",
    }
    for table, column in columns.items():
        for statement in ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"):
            with pytest.raises(psycopg.Error, match=r"refused|permission denied"):
                own.execute(statement.format(table, column).encode())


def test_pending_entry_goes_only_into_the_log(sequencer: Connection, connect_as: Connect) -> None:
    write(1)
    for role in ("sequencer", "owner"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="not in the log yet"):
            connect_as(role).execute("DELETE FROM ledger_pendingentry")
    with pytest.raises(psycopg.errors.RestrictViolation):
        connect_as("owner").execute("UPDATE ledger_pendingentry SET payload = 'x'")
    assert sequence_batch(sequencer) == 1


def test_app_writes_no_entries_and_the_sequencer_no_events(connect_as: Connect) -> None:
    with pytest.raises(Exception, match="permission denied"):
        Checkpoint.objects.create(size=1, root=b"", note="", signed_at="2026-01-01T00:00Z")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as("sequencer").execute(
            "INSERT INTO ledger_pendingentry (event_id, payload) VALUES (gen_random_uuid(), 'x')"
        )


def test_private_text_can_be_erased_with_its_salt_and_only_that(sequencer: Connection) -> None:
    write(1, private={"note": "text", "name": "Ann"})
    sequence_batch(sequencer)
    assert erase_private(actor=SYSTEM, entry=0, fields=["note"]) == 1
    assert erase_private(actor=SYSTEM, entry=0, fields=["note"]) == 0
    erased, kept = PrivateText.objects.get(field="note"), PrivateText.objects.get(field="name")
    assert (erased.text, erased.salt) == (None, None)
    assert erased.erased_at is not None
    assert kept.text == "Ann"


def test_nothing_is_erased_without_an_entry_that_says_so(sequencer: Connection, connect_as: Connect) -> None:
    write(1, private={"note": "text", "name": "Ann"})
    sequence_batch(sequencer)
    erase = "SELECT ledger_erase_private(0, ARRAY['note', 'name'])"
    with pytest.raises(DatabaseError, match="erasure refused"), connection.cursor() as cursor:
        cursor.execute(erase)
    # Said of another field, and said by another transaction.
    erase_private(actor=SYSTEM, entry=0, fields=["name"])
    with pytest.raises(psycopg.errors.RestrictViolation):
        connect_as("app").execute(erase)
    assert PrivateText.objects.get(field="note").text == "text"
    sequence_batch(sequencer)
    assert Entry.objects.get(index=1).document["data"] == {"fields": ["name"]}


def test_only_who_administers_erases() -> None:
    with pytest.raises(Forbidden):
        erase_private(actor=ANN, entry=0, fields=["note"])
