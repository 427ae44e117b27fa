"""The README shows the example as it is."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from portal.env import BASE_DIR

FILE = BASE_DIR / "docs" / "examples" / "register_version.py"


def test_the_readme_shows_the_whole_file() -> None:
    [shown] = re.findall(r"```python\n(.*?)```", (BASE_DIR / "README.md").read_text(), re.DOTALL)
    assert shown == FILE.read_text()


def test_it_needs_nothing_but_a_token_and_an_address_that_has_a_default() -> None:
    named = re.findall(r"os\.environ\.get\(\"(\w+)\"", FILE.read_text())
    assert named == ["BASE_URL", "TOKEN"]


def test_where_no_portal_answers_it_says_so_in_one_sentence(tmp_path: Path) -> None:
    small = "class Model:\n    onnx = staticmethod(lambda: b'')\n\nSEED = 1\n"
    small += "train_logistic = lambda rows: Model\nmonths = lambda *_: None\nknown_before_departure = lambda: None\n"
    (tmp_path / "flights.py").write_text(small)
    shutil.copy(FILE, tmp_path)  # beside rows that take no time
    variables = os.environ | {"TOKEN": "cs_x", "BASE_URL": "http://127.0.0.1:9"}
    ended = subprocess.run(
        [sys.executable, tmp_path / FILE.name], env=variables, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("No portal answers at http://127.0.0.1:9 (")
    assert ended.stderr.endswith("): set BASE_URL to its address.\n")
    assert len(ended.stderr.splitlines()) == 1


def test_without_a_token_it_says_where_to_get_one() -> None:
    variables = {name: value for name, value in os.environ.items() if name != "TOKEN"}
    ended = subprocess.run([sys.executable, FILE], env=variables, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "Set TOKEN to a token of yours: make one on the page Tokens.\n")
