from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from portal.core.actors import SYSTEM
from portal.ledger import keeping
from portal.ledger.sequencing import Connection, sequence_batch
from portal.ledger.services import erase_private
from portal.ledger.verification import Verification, verify_ledger
from tests.portal.ledger.cast import write, write_many

pytestmark = pytest.mark.django_db(transaction=True)
Tamper = Callable[[str], None]


@pytest.fixture
def log(sequencer: Connection) -> None:
    """A log of 300 entries in three batches, one with private texts."""
    write_many(17)
    sequence_batch(sequencer)
    write(17, private={"note": "text", "name": "Ann"}, topics=["model:1"])
    write(18, team=None)
    sequence_batch(sequencer)
    write_many(281, start=19)
    sequence_batch(sequencer)


def test_empty_log_is_intact() -> None:
    assert verify_ledger() == Verification(0, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", ())


@pytest.mark.usefixtures("log")
def test_log_that_nobody_touched_is_intact(capsys: pytest.CaptureFixture[str]) -> None:
    result = verify_ledger()
    assert result.problems == ()
    assert result.entries == 300
    call_command("verify_ledger")
    # Three were signed; each is kept in the database and outside.
    assert capsys.readouterr().out == f"intact: 300 entries, 3 checkpoints, root {result.root}\n"


@pytest.mark.usefixtures("log")
def test_one_byte_changed_is_named_with_its_entry(tamper: Tamper, capsys: pytest.CaptureFixture[str]) -> None:
    tamper("UPDATE ledger_entry SET payload = set_byte(payload, 9, get_byte(payload, 9) # 1) WHERE index = 17")
    with pytest.raises(SystemExit) as stop:
        call_command("verify_ledger")
    assert stop.value.code == 1
    assert capsys.readouterr().err.startswith("entry 17: payload does not match its leaf hash\n")


OTHER = "replace(convert_from(payload, 'UTF8'), '\"number\":', '\"number\":1')::bytea"
REWRITE = f"UPDATE ledger_entry SET payload = {OTHER}, leaf_hash = sha256('\\x00'::bytea || {OTHER}) WHERE index = "  # noqa: S608


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            REWRITE + "20",
            "entry 20: payload does not match its leaf hash in tile 0/0",
        ),
        (
            REWRITE + "299",
            "checkpoint 300 (in the database): one of entries 19 to 299 is not what was signed",
        ),
        ("UPDATE ledger_entry SET leaf_hash = sha256('x') WHERE index = 3", "entry 3: payload does not match its leaf"),
        ("UPDATE ledger_entry SET actor_id = 'user:2' WHERE index = 5", "entry 5: column actor_id does not match"),
        ("UPDATE ledger_entry SET team_id = 2 WHERE index = 18", "entry 18: column team_id does not match"),
        ("UPDATE ledger_entry SET topics = '{}' WHERE index = 17", "entry 17: column topics does not match"),
        ("UPDATE ledger_entry SET at = at + interval '1 microsecond' WHERE index = 0", "entry 0: column at does not"),
        ("DELETE FROM ledger_entry WHERE index = 30", "entry 30 is missing: the next one is 31"),
        ("DELETE FROM ledger_entry WHERE index >= 290", "checkpoint 300 (in the database): the log holds only 290"),
        (
            "UPDATE ledger_privatetext SET text = 'other' WHERE field = 'note'",
            "entry 17: private text note does not match",
        ),
        ("DELETE FROM ledger_privatetext WHERE field = 'note'", "entry 17: private texts and commitments differ: note"),
        (
            "UPDATE ledger_privatetext SET salt = NULL WHERE field = 'note'",
            "entry 17: private text note does not match",
        ),
        (
            "UPDATE ledger_checkpoint SET root = sha256('x') WHERE size = 19",
            "checkpoint 19 (in the database): its columns",
        ),
        (
            "UPDATE ledger_checkpoint SET note = replace(note, E'\\n19\\n', E'\\n18\\n') WHERE size = 19",
            "a checkpoint in the database: The note's signature does not match its text.",
        ),
        ("UPDATE ledger_tile SET root = sha256('x')", "tile 0/0: its root does not match its hashes"),
        ("DELETE FROM ledger_tile", "tile 0/0 is missing"),
    ],
)
def test_each_kind_of_tampering_is_named(tamper: Tamper, statement: str, problem: str) -> None:
    tamper(statement)
    assert verify_ledger().problems[0].startswith(problem)


@pytest.mark.usefixtures("log")
def test_log_cut_back_with_its_checkpoints_is_revealed_by_those_kept_outside(tamper: Tamper) -> None:
    tamper("DELETE FROM ledger_tile")
    tamper("DELETE FROM ledger_checkpoint WHERE size > 19")
    tamper("DELETE FROM ledger_entry WHERE index >= 19")
    assert verify_ledger().problems[0] == "checkpoint 300 (kept outside the database): the log holds only 19 entries"


@pytest.mark.usefixtures("log")
def test_missing_checkpoints_outside_the_database_are_a_problem(home: Path) -> None:
    for path in (home / "checkpoints").iterdir():
        path.unlink()
    assert verify_ledger().problems == ("no checkpoint is kept outside the database",)


@pytest.mark.usefixtures("log")
def test_foreign_checkpoint_outside_is_a_problem(home: Path) -> None:
    keeping.keep(home / "checkpoints", "other\n1\n" + "A" * 43 + "=\n\n— other AAAAAAAAAAA=\n")
    problem = verify_ledger().problems[0]
    assert problem.startswith("a checkpoint kept outside the database: The note is not signed by ")


@pytest.mark.usefixtures("log")
def test_erased_private_text_leaves_the_log_intact() -> None:
    assert erase_private(actor=SYSTEM, entry=17, fields=["note", "name"]) == 2
    assert verify_ledger().intact
