"""Programs kept running whatever becomes of them, and of the disk."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.runtime import supervisor
from portal.runtime.supervisor import Program, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(100)"]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def keeper(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """A supervisor whose pauses are short, and which stops what it started."""
    for name in ("_FIRST_PAUSE", "_LONGEST_PAUSE"):
        monkeypatch.setattr(supervisor, name, 0.05)
    for folder in ("run", "log"):
        (tmp_path / folder).mkdir()
    keeper = Supervisor(tmp_path / "run", tmp_path / "log", tmp_path, {}, said.append)
    yield keeper
    keeper.stop(hurry=lambda: True)


def tend_until(keeper: Supervisor, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        keeper.tend()
        time.sleep(0.02)


def starts(said: list[str]) -> int:
    return sum("ended with status" in line for line in said)


def test_program_that_dies_is_started_again(keeper: Supervisor, said: list[str]) -> None:
    keeper.start(Program("brief", [sys.executable, "-c", ""]))
    tend_until(keeper, lambda: starts(said) >= 3)
    assert "brief ended with status 0" in said[0]


def test_full_disk_ends_no_program_and_no_supervisor(keeper: Supervisor, said: list[str]) -> None:
    shutil.rmtree(keeper.run)  # as on a full disk, no record can be written
    keeper.start(Program("sleeper", SLEEPER))
    keeper.start(Program("brief", [sys.executable, "-c", ""]))
    tend_until(keeper, lambda: starts(said) >= 2)
    shutil.rmtree(keeper.logs)
    tend_until(keeper, lambda: any("brief can't be started" in line for line in said))
    keeper.logs.mkdir()
    before = starts(said)
    tend_until(keeper, lambda: starts(said) > before)
    assert not any(line.startswith("sleeper") for line in said)
