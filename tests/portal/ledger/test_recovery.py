"""A log that a restore cut back: the sequencer refuses, people decide, and the log goes on in a new epoch."""

import base64
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import transaction
from psycopg import sql
from pytest_django import Settings

from portal.ledger import keeping, notes
from portal.ledger.catalogue import Subject
from portal.ledger.epochs import Lost
from portal.ledger.errors import LedgerRolledBack
from portal.ledger.events import EPOCH_OPENED
from portal.ledger.merkle import verify_inclusion
from portal.ledger.models import Checkpoint, Entry
from portal.ledger.recovery import NothingLost, recover
from portal.ledger.selectors import proof_for, refused
from portal.ledger.sequencing import Connection, head, sequence_batch
from portal.ledger.services import append
from portal.ledger.verification import verify_ledger
from tests.portal.ledger.cast import ANN, AUDITOR, write, write_many

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = ("entry", "privatetext", "tile", "checkpoint", "pendingentry")
Rows = dict[str, list[tuple[Any, ...]]]


class Backups:
    """What a dump and its restore do to the ledger's tables."""

    def __init__(self, owner: Connection) -> None:
        self._owner = owner

    def take(self) -> Rows:
        return {table: self._run("SELECT * FROM {}", table).fetchall() for table in TABLES}

    def restore(self, rows: Rows) -> None:
        for table in TABLES:
            self._run("ALTER TABLE {} DISABLE TRIGGER USER", table)
        for table in reversed(TABLES):
            self._run("DELETE FROM {}", table)
        for table in TABLES:
            for row in rows[table]:
                values = [json.dumps(value) if isinstance(value, dict) else value for value in row]
                self._run("INSERT INTO {} VALUES (" + ", ".join(["%s"] * len(row)) + ")", table, values)  # noqa: S608
            self._run("ALTER TABLE {} ENABLE TRIGGER USER", table)

    def _run(self, statement: str, table: str, values: Sequence[Any] = ()) -> psycopg.Cursor[tuple[Any, ...]]:
        composed = sql.SQL(statement).format(sql.Identifier(f"ledger_{table}"))
        return self._owner.execute(composed, values or None)


@pytest.fixture
def backups(connect_as: Callable[[str], Connection]) -> Backups:
    return Backups(connect_as("owner"))


@pytest.fixture
def rolled_back(sequencer: Connection, backups: Backups) -> None:
    """A log of 9 entries, restored from a backup of 4, with one more event waiting."""
    write_many(4)
    sequence_batch(sequencer)
    backup = backups.take()
    for start in (4, 6):
        write_many(2 if start == 4 else 3, start=start)
        sequence_batch(sequencer)
    backups.restore(backup)
    write(99)


@pytest.mark.usefixtures("rolled_back")
def test_the_sequencer_refuses_in_words_until_people_decide(sequencer: Connection) -> None:
    for _ in range(2):
        with pytest.raises(LedgerRolledBack, match="holds 4 entries; a checkpoint of 9 was signed and kept"):
            sequence_batch(sequencer)
    assert refused() == "The log holds 4 entries; a checkpoint of 9 was signed and kept."
    assert verify_ledger().problems[0].endswith("the log holds only 4 entries")


@pytest.mark.usefixtures("rolled_back")
def test_a_new_epoch_goes_on_and_says_what_was_lost(
    sequencer: Connection, home: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("ledger_recover", "--yes")
    assert capsys.readouterr().out == (
        "Epoch 2 begins at entry 4; checkpoints now say countersign.local/ledger#2.\n"
        "Declared lost: entries 4 to 8 of epoch 1.\n"
    )
    assert sequence_batch(sequencer) == 1
    assert [row.event for row in Entry.objects.order_by("index")][4:] == ["ledger.epoch.opened", "trial.thing.changed"]
    now = head(sequencer)
    assert now is not None
    assert (now.size, now.origin) == (6, "countersign.local/ledger#2")
    assert keeping.latest(home / "checkpoints") == now.note
    assert refused() is None
    call_command("verify_ledger")
    told = capsys.readouterr().out
    assert told.startswith("intact: 6 entries, 3 checkpoints")
    assert "lost: entries 4 to 8 of epoch 1, as entry 4 declares, which opened epoch 2" in told


@pytest.mark.usefixtures("rolled_back")
def test_proofs_hold_in_the_new_epoch_and_at_checkpoints_of_the_old_one(
    sequencer: Connection, settings: Settings
) -> None:
    recover(sequencer)
    sequence_batch(sequencer)
    key = notes.load_key(settings.KEYS_DIR / "checkpoint.key").public_key()
    for index, size, origin in ((2, None, "countersign.local/ledger#2"), (2, 4, "countersign.local/ledger")):
        proof = proof_for(AUDITOR, index, size=size)
        signed = notes.parse_checkpoint(notes.verify(proof["checkpoint"], name=proof["origin"], key=key))
        assert proof["origin"] == signed.origin == origin
        path = [base64.b64decode(part) for part in proof["proof"]]
        leaf = bytes(Entry.objects.get(index=index).leaf_hash)
        assert verify_inclusion(leaf=leaf, index=index, size=signed.size, proof=path, root_hash=signed.root)


@pytest.mark.usefixtures("rolled_back")
def test_a_crash_before_the_new_epoch_was_kept_outside_does_no_harm(sequencer: Connection, home: Path) -> None:
    before = {path.name: path.read_bytes() for path in (home / "checkpoints").iterdir()}
    recover(sequencer)
    for name, content in before.items():
        (home / "checkpoints" / name).write_bytes(content)
    assert sequence_batch(sequencer) == 1
    assert verify_ledger().problems == ()


@pytest.mark.usefixtures("rolled_back")
def test_checkpoints_beyond_what_was_declared_lost_stay_a_problem(sequencer: Connection, home: Path) -> None:
    folder = home / "checkpoints"
    *earlier, newest = keeping.history(folder)
    (folder / "history.jsonl").unlink()
    for note in earlier:
        keeping.keep(folder, note)
    recover(sequencer)
    sequence_batch(sequencer)
    assert verify_ledger().problems == ()
    # Somebody brings a copy that reaches farther than those that were there.
    keeping.keep(folder, newest)
    assert verify_ledger().problems[0].startswith("checkpoint 9 (kept last outside the database): it was signed over")
    with pytest.raises(LedgerRolledBack, match="nothing says they were lost"):
        sequence_batch(sequencer)
    recover(sequencer)
    assert verify_ledger().problems == ()


def test_a_whole_log_opens_no_epoch(sequencer: Connection) -> None:
    with pytest.raises(NothingLost):
        recover(sequencer)
    write_many(3)
    sequence_batch(sequencer)
    with pytest.raises(NothingLost, match="Nothing was lost"):
        recover(sequencer)
    assert Checkpoint.objects.count() == 1


def test_a_log_that_was_changed_opens_no_epoch(sequencer: Connection, tamper: Callable[[str], None]) -> None:
    write_many(3)
    sequence_batch(sequencer)
    write_many(3, start=3)
    sequence_batch(sequencer)
    tamper("UPDATE ledger_checkpoint SET root = sha256('x') WHERE size = 6")
    with pytest.raises(LedgerRolledBack):
        recover(sequencer)


def test_an_empty_database_beside_old_checkpoints_can_begin_again(sequencer: Connection, backups: Backups) -> None:
    empty = backups.take()
    write_many(5)
    sequence_batch(sequencer)
    backups.restore(empty)
    assert recover(sequencer).lost[0].size == 5
    assert verify_ledger().problems == ()


def test_an_entry_that_a_program_appends_opens_no_epoch(sequencer: Connection) -> None:
    write(1)
    sequence_batch(sequencer)
    data = {"epoch": 2, "start": 1, "root": "", "lost": [{"epoch": 1, "after": 1, "size": 9, "root": ""}]}
    with transaction.atomic():
        append(actor=ANN, event=EPOCH_OPENED, subject=Subject("epoch", "2", "2"), data=data)
    sequence_batch(sequencer)
    result = verify_ledger()
    assert result.problems == ("entry 1: it claims to open an epoch, and no checkpoint bears it out",)
    assert result.lost == ()


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_work_backups_and_restores_ends_intact(sequencer: Connection, backups: Backups, seed: int) -> None:
    """Also a backup of a branch that a later epoch had given up."""
    chance = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    kept = [backups.take()]
    for number in range(14):
        act = chance.choice(["work", "work", "backup", "restore"])
        if act == "work":
            write_many(chance.randint(1, 4), start=number * 10)
            sequence_batch(sequencer)
        elif act == "backup":
            kept.append(backups.take())
        else:
            backups.restore(chance.choice(kept))
            try:
                sequence_batch(sequencer)
            except LedgerRolledBack:
                recover(sequencer)
        assert verify_ledger().problems == (), (number, act)


def test_what_was_lost_names_each_epoch_once(sequencer: Connection, backups: Backups) -> None:
    write_many(2)
    sequence_batch(sequencer)
    early = backups.take()
    write_many(2, start=2)
    sequence_batch(sequencer)
    backups.restore(early)
    assert [(one.epoch, one.after, one.size) for one in recover(sequencer).lost] == [(1, 2, 4)]
    backups.restore(early)
    again = recover(sequencer)
    assert again.epoch == 3
    assert [(one.epoch, one.after, one.size) for one in again.lost] == [(1, 2, 4), (2, 0, 3)]
    assert isinstance(again.lost[0], Lost)
