"""Every variable that the portal reads stands in docs/configuration.md, and no other."""

import ast
import re
from pathlib import Path

from portal.env import BASE_DIR, read_environment

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
