"""The README shows the example as it is."""

import os
import re
import subprocess
import sys

from portal.env import BASE_DIR

FILE = BASE_DIR / "docs" / "examples" / "register_version.py"


def test_the_readme_shows_the_whole_file() -> None:
    [shown] = re.findall(r"```python\n(.*?)```", (BASE_DIR / "README.md").read_text(), re.DOTALL)
    assert shown == FILE.read_text()


def test_it_needs_nothing_but_a_token_and_an_address_that_has_a_default() -> None:
    named = re.findall(r"os\.environ\.get\(\"(\w+)\"", FILE.read_text())
    assert named == ["BASE_URL", "TOKEN"]


def test_without_a_token_it_says_where_to_get_one() -> None:
    variables = {name: value for name, value in os.environ.items() if name != "TOKEN"}
    ended = subprocess.run([sys.executable, FILE], env=variables, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "Set TOKEN to a token of yours: make one on the page Tokens.\n")
