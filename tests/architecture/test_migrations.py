"""Migrations run beside a busy portal: none rewrites a table that grows, or holds it for long, without saying why.

One that must has a class attribute `locks`, a sentence that says why it may: `locks = "one row for each team"`.
"""

import ast
import inspect
import json
import re
import textwrap
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations import Migration, RunPython
from django.db.migrations.loader import MigrationLoader

from tests.matrix.releases.reading import releases, unpack

HOUSE = ("portal.", "registry", "monitoring", "governance")
GROWING = {
    "accounts_apitoken",
    "accounts_user",
    "blobs_blob",
    "django_session",
    "governance_checkresult",
    "governance_decision",
    "governance_gateevaluation",
    "jobs_job",
    "ledger_checkpoint",
    "ledger_entry",
    "ledger_privatetext",
    "ledger_tile",
    "monitoring_columnprofile",
    "monitoring_measurement",
    "monitoring_snapshotprofile",
    "monitoring_validationcheck",
    "monitoring_validationrun",
    "registry_artifact",
    "registry_datasetsnapshot",
    "registry_document",
    "registry_discussion",
    "registry_finding",
    "registry_findingmove",
    "registry_modelversion",
    "registry_trainingrun",
    "reports_evidencepack",
    "threads_comment",
    "threads_earliertext",
    "threads_thread",
}
"""Tables that get a row for each thing done, not for each team or model."""
TABLE = r'(?:ONLY\s+)?"?(?:public"?\."?)?(?P<table>\w+)"?'
SLOW = {
    rf"^CREATE (UNIQUE )?INDEX (?!CONCURRENTLY).* ON {TABLE}": "AddIndexConcurrently, with atomic = False",
    rf"^ALTER TABLE {TABLE} .*ALTER COLUMN \S+ TYPE": "a new type may rewrite the table: add a column beside it",
    rf"^ALTER TABLE {TABLE} .*(STORED|AS IDENTITY)": "a stored or numbered column rewrites the table",
    rf"^ALTER TABLE {TABLE} .*SET NOT NULL": "reads every row: add a valid CHECK first, or a default",
    rf"^ALTER TABLE {TABLE} ADD CONSTRAINT (?!.*NOT VALID)": "use AddConstraintNotValid, then ValidateConstraint",
    rf"^(UPDATE|DELETE FROM) {TABLE}": "change rows in batches, by a command or a job",
    rf"^(CLUSTER|VACUUM FULL|REINDEX TABLE|LOCK TABLE) {TABLE}": "rewrites or holds the whole table",
}


def since_the_first_release(folder: Path) -> list[Migration]:
    data, _ = unpack(releases()[0], folder)
    known = set(json.loads((data / "manifest.json").read_text())["migrations"])
    loader = MigrationLoader(connection)
    ours = [config.label for config in apps.get_app_configs() if config.name.startswith(HOUSE)]
    return [
        migration
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in ours and f"{app}.{name}" not in known
    ]


def statements(migration: Migration) -> list[str]:
    """Return the SQL of a migration, a statement each."""
    collected = MigrationLoader(connection, replace_migrations=False).collect_sql([(migration, False)])
    lines = "\n".join(line for line in collected if not line.startswith("--"))
    return [" ".join(statement.split()) for statement in lines.split(";") if statement.strip()]


def slow(found: list[str]) -> list[str]:
    """Return what to do instead, for each statement that is slow on a table that was there before."""
    new = {match["table"] for one in found if (match := re.match(rf"CREATE TABLE {TABLE}", one, re.IGNORECASE))}
    advice = []
    for statement in found:
        for pattern, instead in SLOW.items():
            match = re.match(pattern, statement, re.IGNORECASE)
            if match and match["table"] in GROWING - new:
                advice.append(f"{statement[:120]}: {instead}")
    return advice


def changes_rows(migration: Migration) -> list[str]:
    """Return the Python of a migration that reads or writes rows (granting rights does not)."""
    found = []
    for operation in migration.operations:
        if isinstance(operation, RunPython):
            tree = ast.parse(textwrap.dedent(inspect.getsource(operation.code)))
            names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            if "get_model" in names:
                found.append(f"{operation.describe()}: change rows in batches, by a command or a job")
    return found


@pytest.mark.django_db
def test_no_migration_rewrites_or_holds_a_table_that_grows(tmp_path: Path) -> None:
    wrong = {}
    for migration in since_the_first_release(tmp_path):
        advice = slow(statements(migration)) + changes_rows(migration)
        if advice and not getattr(migration, "locks", ""):
            wrong[str(migration)] = advice
    assert wrong == {}, 'change it, or say why it may with `locks = "…"` in the migration'


@pytest.mark.parametrize(
    ("statement", "is_slow"),
    [
        ('CREATE INDEX "i" ON "ledger_entry" ("at")', True),
        ('CREATE INDEX CONCURRENTLY "i" ON "ledger_entry" ("at")', False),
        ('CREATE INDEX "i" ON "accounts_team" ("slug")', False),
        ('ALTER TABLE "jobs_job" ALTER COLUMN "kind" TYPE varchar(200)', True),
        ('ALTER TABLE "jobs_job" ADD COLUMN "note" text DEFAULT \'\' NOT NULL', False),
        ('ALTER TABLE "jobs_job" ADD COLUMN "n" integer GENERATED ALWAYS AS (1) STORED', True),
        ('ALTER TABLE "jobs_job" ADD CONSTRAINT "c" CHECK ("kind" <> \'\')', True),
        ('ALTER TABLE "jobs_job" ADD CONSTRAINT "c" CHECK ("kind" <> \'\') NOT VALID', False),
        ('ALTER TABLE "jobs_job" VALIDATE CONSTRAINT "c"', False),
        ("UPDATE jobs_job SET kind = kind", True),
    ],
)
def test_what_is_slow_on_a_table_that_grows_is_known(statement: str, is_slow: bool) -> None:  # noqa: FBT001
    assert bool(slow([statement])) == is_slow
    table = re.search(r"(jobs_job|ledger_entry|accounts_team)", statement)
    assert table
    assert slow([f'CREATE TABLE "{table[0]}" ("id" bigint)', statement]) == [], "new tables are empty"


@pytest.mark.django_db
def test_the_names_of_tables_that_grow_are_those_of_tables() -> None:
    assert {model._meta.db_table for model in apps.get_models()} >= GROWING
