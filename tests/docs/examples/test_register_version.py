"""The README shows the example as it is."""

import ast
import re

from portal.env import BASE_DIR

FILE = BASE_DIR / "docs" / "examples" / "register_version.py"


def test_the_readme_shows_the_whole_file() -> None:
    [shown] = re.findall(r"```python\n(.*?)```", (BASE_DIR / "README.md").read_text(), re.DOTALL)
    assert shown == FILE.read_text()


def test_it_needs_nothing_but_an_address_and_a_token() -> None:
    tree = ast.parse(FILE.read_text())
    read = [node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript)
            and ast.unparse(node.value) == "os.environ"]  # fmt: skip
    assert {ast.literal_eval(name) for name in read} == {"BASE_URL", "TOKEN"}
