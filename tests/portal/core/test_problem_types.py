"""Every code that the portal can answer has its row, and so its page."""

import ast
from collections.abc import Iterator

from rest_framework.exceptions import APIException

from portal.core.problem_types import PROBLEM_TYPES
from portal.env import BASE_DIR

HOUSE = ("portal", "registry", "monitoring", "governance")


def codes_in(tree: ast.AST) -> Iterator[str]:
    """Yield each `code="..."` of a call, and each `code = "..."` of a class that is an error."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            values = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        elif isinstance(node, ast.ClassDef):
            lines = [line for line in node.body if isinstance(line, ast.Assign | ast.AnnAssign)]
            values = [line.value for line in lines if line.value and ast.unparse(line).startswith(("code =", "code:"))]
        else:
            continue
        yield from (value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str))


def below(kind: type[APIException]) -> Iterator[type[APIException]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def test_every_code_that_is_written_anywhere_is_in_the_table() -> None:
    paths = [path for package in HOUSE for path in (BASE_DIR / package).rglob("*.py")]
    codes = {code for path in paths for code in codes_in(ast.parse(path.read_text()))}
    assert {"refused", "slug_taken", "no_policy"} <= codes
    assert sorted(codes - set(PROBLEM_TYPES)) == []


def test_every_code_of_the_framework_is_in_the_table() -> None:
    codes = {kind.default_code for kind in below(APIException) if kind.__module__ == "rest_framework.exceptions"}
    assert sorted(codes - set(PROBLEM_TYPES)) == []


def test_every_row_says_what_it_means_and_what_to_do() -> None:
    for row in PROBLEM_TYPES.values():
        assert row.title[0].isupper()
        assert not row.title.endswith(".")
        assert row.meaning.endswith(".")
        assert row.remedy.endswith(".")
        assert 400 <= row.status < 600
