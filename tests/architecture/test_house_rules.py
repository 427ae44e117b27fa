"""What import-linter cannot see: lengths, names, keys that point down the street, one task for each kind."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db.models import ForeignKey

from portal.celery import app
from portal.env import BASE_DIR
from portal.jobs.kinds import KINDS

HOUSE = ("portal", "registry", "monitoring", "governance")
# From the top of the street to the floor; a foreign key may point to its own place or below.
STREET = [
    "portal.pages",
    "portal.api",
    "portal.reports",
    "governance",
    "monitoring",
    "registry",
    "portal.threads",
    "portal.accounts",
    "portal.jobs",
    "portal.keys",
    "portal.ledger",
    "portal.blobs",
    "django.contrib.contenttypes",
]
NAMES_THAT_SAY_NOTHING = {"utils.py", "helpers.py", "common.py", "misc.py"}
MIRROR_EXEMPT = {"architecture", "matrix", "e2e", "factories", "integration"}


def modules() -> Iterator[Path]:
    for package in HOUSE:
        for path in (BASE_DIR / package).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def test_modules_stay_under_400_lines() -> None:
    assert [str(p) for p in modules() if len(p.read_text().splitlines()) >= 400] == []


def test_functions_stay_under_50_lines() -> None:
    long = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                if length >= 50:
                    long.append(f"{path}:{node.lineno} {node.name} {length}")
    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(p) for p in modules() if p.name in NAMES_THAT_SAY_NOTHING] == []


def test_foreign_keys_point_down_the_street() -> None:
    upward = []
    for model in apps.get_models():
        here = apps.get_app_config(model._meta.app_label).name
        if here not in STREET:
            continue
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey):
                there = apps.get_app_config(field.related_model._meta.app_label).name
                if there not in STREET or STREET.index(there) < STREET.index(here):
                    upward.append(f"{model.__name__}.{field.name} -> {there}")
    assert upward == []


def test_each_job_kind_has_exactly_one_task() -> None:
    app.loader.import_default_modules()
    tasks = [name for name in app.tasks if name in KINDS]
    assert sorted(tasks) == sorted(KINDS)


def test_every_test_mirrors_a_module() -> None:
    orphans = []
    root = BASE_DIR / "tests"
    for path in root.rglob("test_*.py"):
        relative = path.relative_to(root)
        if relative.parts[0] in MIRROR_EXEMPT:
            continue
        name = relative.name.removeprefix("test_").removesuffix(".py")
        folder = BASE_DIR / relative.parent
        if not ((folder / f"{name}.py").exists() or (folder / name).is_dir() or folder.with_suffix(".py").exists()):
            orphans.append(str(relative))
    assert orphans == []
