"""What a restore refuses before it touches anything."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from portal.runtime.dumps import BackupRefused
from portal.runtime.keys import make_keys
from portal.runtime.restoring import restore
from tests.matrix.releases.reading import releases, unpack

Restore = Callable[[], None]


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Path]:
    return unpack(releases()[0], tmp_path / "saved")


@pytest.fixture
def home(tmp_path: Path, settings: Settings) -> Path:
    home = settings.HOME = tmp_path / "home"
    settings.KEYS_DIR, settings.BLOB_ROOT = home / "keys", home / "blobs"
    settings.LEDGER_ORIGIN = "countersign.local/ledger"
    return home


def refusal(data: Path, keys: Path | None) -> str:
    with pytest.raises(BackupRefused) as refused:
        restore(data, keys=keys, tell=lambda _name, _text: None)
    return str(refused.value)


def say(data: Path, **facts: Any) -> None:
    path = data / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


@pytest.mark.parametrize("name", ["database.dump", "checkpoints/latest", "blobs.sha256"])
def test_a_file_that_changed_is_named(saved: tuple[Path, Path], home: Path, name: str) -> None:
    data, keys = saved
    with (data / name).open("ab") as file:
        file.write(b"x")
    assert refusal(data, keys) == f"{data / name} is missing or not what the backup wrote. Use another backup."
    assert not home.exists()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"other")])
def test_a_blob_that_is_missing_or_damaged_is_named(
    saved: tuple[Path, Path], home: Path, damage: Callable[[Path], object]
) -> None:
    data, keys = saved
    blob = next(path for path in (data / "blobs").rglob("*") if path.is_file())
    damage(blob)
    assert refusal(data, keys).startswith(f"{blob} is missing or damaged.")
    assert not home.exists()


@pytest.mark.usefixtures("home")
def test_keys_of_another_installation_are_refused(saved: tuple[Path, Path], tmp_path: Path) -> None:
    data, _ = saved
    make_keys(tmp_path / "other")
    assert "is not the key that signed this backup's ledger" in refusal(data, tmp_path / "other")
    assert "Give the folder where the keys were saved: --keys <folder>." in refusal(data, None)


def test_keys_that_are_there_are_never_overwritten(saved: tuple[Path, Path], home: Path) -> None:
    data, keys = saved
    make_keys(home / "keys")
    assert "is another key than the saved one" in refusal(data, keys)


def test_a_store_that_holds_something_is_refused(saved: tuple[Path, Path], home: Path) -> None:
    (home / "blobs").mkdir(parents=True)
    (home / "blobs" / "file").touch()
    assert "is not empty. Restore into another home" in refusal(*saved)


@pytest.mark.usefixtures("home")
def test_what_a_newer_release_made_is_refused(saved: tuple[Path, Path]) -> None:
    data, keys = saved
    known = json.loads((data / "manifest.json").read_text())["migrations"]
    say(data, migrations=[*known, "registry.9999_from_the_future"], release="9.0")
    assert "made by release 9.0, whose tables this one does not know" in refusal(data, keys)
    say(data, migrations=known, format=2)
    assert "is of format 2, known is 1" in refusal(data, keys)


@pytest.mark.usefixtures("home")
def test_the_ledger_of_another_origin_is_refused(saved: tuple[Path, Path]) -> None:
    data, keys = saved
    say(data, origin="elsewhere/ledger")
    assert refusal(data, keys).endswith("Set LEDGER_ORIGIN=elsewhere/ledger.")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 1}'])
def test_a_manifest_that_is_damaged_is_said(saved: tuple[Path, Path], content: str) -> None:
    data, keys = saved
    (data / "manifest.json").write_text(content)
    assert "is damaged" in refusal(data, keys)
