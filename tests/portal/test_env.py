"""Every variable that the portal reads stands in docs/configuration.md, and no other."""

import ast
import json
import re
from pathlib import Path

import pytest

from portal.env import BASE_DIR, PROGRAMS, SECRET_VARIABLES, read_environment

ONLY_UP = {"PORT"}
"""Read by `up` and the Procfile, not by the portal."""


def variables_of_the_code() -> set[str]:
    tree = ast.parse((BASE_DIR / "portal" / "env.py").read_text())
    environment = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    sentences = [node.value.value for node in environment.body if isinstance(node, ast.Expr)
                 and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)]  # fmt: skip
    return {found[1] for text in sentences if (found := re.match(r"([A-Z_]+)[:=]", text))}


def test_the_documents_name_every_variable() -> None:
    documented = set(
        re.findall(r"^\| `([A-Z_]+)` \|", (BASE_DIR / "docs" / "configuration.md").read_text(), re.MULTILINE)
    )
    assert documented == variables_of_the_code() | ONLY_UP


def test_variables_of_the_process_win_over_what_up_chose(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "environment.json").write_text('{"DATABASE_URL": "postgresql://chosen", "PORT": "8001"}')
    chosen = read_environment({"COUNTERSIGN_HOME": str(tmp_path)})
    assert (chosen.database_url, chosen.public_url) == ("postgresql://chosen", "http://127.0.0.1:8001")
    given = read_environment({"COUNTERSIGN_HOME": str(tmp_path), "DATABASE_URL": "postgresql://given"})
    assert given.database_url == "postgresql://given"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_takes_of_what_up_chose_only_what_it_needs(tmp_path: Path, program: str) -> None:
    (tmp_path / "run").mkdir()
    chosen = dict.fromkeys(SECRET_VARIABLES, "postgresql://chosen") | {"PUBLIC_URL": "https://models.example.org"}
    (tmp_path / "run" / "environment.json").write_text(json.dumps(chosen))
    read = read_environment({"COUNTERSIGN_HOME": str(tmp_path), "COUNTERSIGN_PROGRAM": program})
    taken = {name for name in SECRET_VARIABLES if getattr(read, name.lower())}
    assert taken == PROGRAMS[program].variables
    assert read.public_url == "https://models.example.org"


def test_an_unknown_program_is_told_which_there_are() -> None:
    with pytest.raises(ValueError, match="web, worker, beat, sequencer"):
        read_environment({"COUNTERSIGN_PROGRAM": "webb"})
