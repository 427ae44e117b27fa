import os
from pathlib import Path

import pytest

from portal.ledger import keeping


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for others")
def test_what_root_keeps_belongs_to_the_folders_owner(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    keeping.keep(folder, "note\n")
    keeping.keep_verifier(folder, "log+00000000+AAAA")
    assert {path.stat().st_uid for path in folder.iterdir()} == {12345}


def test_notes_are_kept_in_order_and_the_newest_is_at_hand(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "checkpoints"
    assert keeping.latest(folder) is None
    assert list(keeping.history(folder)) == []
    for note in ("one\n\n— signature\n", "two\n\n— signature\n"):
        keeping.keep(folder, note)
    assert keeping.latest(folder) == "two\n\n— signature\n"
    assert list(keeping.history(folder)) == ["one\n\n— signature\n", "two\n\n— signature\n"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_line_that_a_crash_cut_off_is_left_out_and_replaced(tmp_path: Path) -> None:
    keeping.keep(tmp_path, "one")
    with (tmp_path / keeping.HISTORY).open("a") as file:
        file.write('"tw')
    assert list(keeping.history(tmp_path)) == ["one"]
    keeping.keep(tmp_path, "two")
    assert list(keeping.history(tmp_path)) == ["one", "two"]


def test_history_ends_where_it_ended_when_asked(tmp_path: Path) -> None:
    keeping.keep(tmp_path, "one")
    asked = keeping.history(tmp_path)
    keeping.keep(tmp_path, "two")
    assert list(asked) == ["one"]


def test_a_copy_holds_what_was_kept_and_no_line_that_is_being_written(tmp_path: Path) -> None:
    folder, target = tmp_path / "checkpoints", tmp_path / "copy"
    assert keeping.copy(folder, target) == 0
    keeping.keep(folder, "one\n")
    keeping.keep(folder, "two\n")
    with (folder / "history.jsonl").open("a") as file:
        file.write('"thr')
    assert keeping.copy(folder, target) == 2
    assert list(keeping.history(target)) == ["one\n", "two\n"]
    assert keeping.latest(target) == "two\n"
