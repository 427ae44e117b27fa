"""Settings as each program reads them, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal.env import BASE_DIR
from portal.runtime.keys import make_keys

ASKED = """
import json, sys
opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
from portal import settings
print(json.dumps({
    "secret": settings.SECRET_KEY, "former": settings.SECRET_KEY_FALLBACKS, "keys": str(settings.KEYS_DIR),
    "owner": settings.DATABASE_OWNER_URL, "sequencer": settings.DATABASE_SEQUENCER_URL, "opened": opened,
}))
"""


def asked(home: Path, program: str | None) -> dict[str, Any]:
    """Return what a program's settings hold, and which files it opened for them."""
    environment = {"PATH": os.environ["PATH"], "COUNTERSIGN_HOME": str(home)}
    if program:
        environment["COUNTERSIGN_PROGRAM"] = program
    command = [sys.executable, "-c", ASKED]
    answer = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_keys(tmp_path / "keys")
    (tmp_path / "keys" / "secret_key.former").write_text("former")
    (tmp_path / "run").mkdir()
    chosen = {"DATABASE_OWNER_URL": "postgresql://owner", "DATABASE_SEQUENCER_URL": "postgresql://sequencer"}
    (tmp_path / "run" / "environment.json").write_text(json.dumps(chosen))
    return tmp_path


@pytest.mark.parametrize("program", ["worker", "beat", "sequencer"])
def test_programs_without_sessions_can_not_forge_them(home: Path, program: str) -> None:
    found = asked(home, program)
    assert len(found["secret"]) >= 64
    assert found["secret"] != (home / "keys" / "secret_key").read_text()
    assert found["secret"] != asked(home, program)["secret"]
    assert found["former"] == []
    assert not [path for path in found["opened"] if path.startswith(found["keys"])]


def test_web_reads_the_session_key_and_the_one_before_it_and_no_other_key(home: Path) -> None:
    found = asked(home, "web")
    assert found["secret"] == (home / "keys" / "secret_key").read_text()
    assert found["former"] == ["former"]
    read = {Path(path).name for path in found["opened"] if path.startswith(found["keys"])}
    assert read == {"secret_key", "secret_key.former"}


def test_only_the_sequencer_knows_the_sequencers_role_and_only_commands_the_owners(home: Path) -> None:
    known = {program: asked(home, program) for program in ("web", "worker", "sequencer", None)}
    assert [program for program, found in known.items() if found["sequencer"]] == ["sequencer", None]
    assert [program for program, found in known.items() if found["owner"]] == [None]


def test_without_a_key_nobody_knows_what_sessions_are_signed_with(tmp_path: Path) -> None:
    assert asked(tmp_path, "web")["secret"] != asked(tmp_path, "web")["secret"]
