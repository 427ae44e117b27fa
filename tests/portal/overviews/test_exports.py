"""What is taken out of a portal comes into an empty one as it was."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.core.progress import silent
from portal.overviews import exports
from portal.overviews.declared import today
from portal.pages.spreadsheets import csv_file
from registry.choices import Environment, Implementation, Task
from registry.formats.model_lines import read
from registry.models import RegisteredModel
from registry.rules.imports import NAMES, REQUIRED, parsed
from registry.rules.links import Contact, Link
from registry.services.imports import check_models, finish_import
from registry.services.models import register_model
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import DeclaredReleaseFactory, RegisteredModelFactory, UseCaseFactory

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).map(str.strip)
cells = st.fixed_dictionaries(
    dict.fromkeys(REQUIRED, texts.filter(bool)), optional=dict.fromkeys(set(NAMES) - set(REQUIRED), texts)
)


@given(st.lists(cells, min_size=1, max_size=4))
def test_every_text_survives_both_kinds_of_files(rows: list[dict[str, str]]) -> None:
    whole = [{name: row.get(name, "") for name in NAMES} for row in rows]
    table = csv_file([NAMES, *([row[name] for name in NAMES] for row in whole)], "models").getvalue()
    lines = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    for content, sent in ((table, whole), (lines, rows)):
        found = read(content)
        assert found.flaws == []
        assert [dict(line.cells) for line in found.lines] == sent


@pytest.fixture
def team(db: None) -> Team:
    made: Team = TeamFactory.create(slug="flights")
    return made


@pytest.fixture
def owner(team: Team) -> User:
    return person_with(Role.DEVELOPER, team=team, email="dana@example.org")


@pytest.fixture
def developer(owner: User) -> Actor:
    return actor_for_user(owner, interactive=True)


@contextmanager
def emptied_after() -> Iterator[None]:
    """Take back what was registered: another portal has the same people, teams and use cases, and no model."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def taken_out() -> dict[str, bytes]:
    keys: Sequence[int] = list(RegisteredModel.objects.order_by("slug").values_list("pk", flat=True))
    return {
        "csv": csv_file(exports.csv_lines(keys), "models").getvalue(),
        "json lines": b"".join(exports.json_lines(keys)),
    }


LINKS = [Link("=Run book", "https://a.example/?a=1;b"), Link("x", "https://b.example")]
CONTACTS = [Contact('+"Vera"', "support, nights", "v@a.example"), Contact("Desk"), Contact("@a", "", "1")]
MODEL = st.fixed_dictionaries(
    {
        "purpose": texts.filter(bool) | st.sampled_from(["=1+1", "'=1", 'a;b\r\n"c",', "-", "@x"]),
        "task": st.sampled_from(Task.values),
        "implementation": st.sampled_from([one for one in Implementation if one != Implementation.VENDOR]),
        "tier": st.sampled_from([1, 2, 3]),
        "origin": st.sampled_from(["own", "vendor"]),
        "tags": st.lists(st.sampled_from(["Credit risk", "pilot", "eu/west", "2026", "große"]), max_size=3),
        "links": st.lists(st.sampled_from(LINKS), max_size=2),
        "contacts": st.lists(st.sampled_from(CONTACTS), max_size=3),
    }
)


@pytest.mark.django_db
def test_an_inventory_comes_into_an_empty_portal_as_it_was(team: Team, owner: User, developer: Actor) -> None:
    use_case = UseCaseFactory.create(team=team, approved=True)
    backup = person_with(Role.VIEWER, team=team)

    @settings(max_examples=8)  # each goes through the database; texts alone are tried above
    @given(st.lists(MODEL, min_size=1, max_size=2), st.dates(date(1999, 1, 1), today()))
    def comes_back(models: list[dict[str, Any]], day: date) -> None:
        with emptied_after():
            for number, values in enumerate(models):
                model = register_model(
                    actor=developer, slug=f"m-{number}", name="=Late", team=team, owner=owner, backup=backup,
                    mlflow_name=f"m{number}", **values,
                )  # fmt: skip
                model.use_case = use_case
                model.save(update_fields=["use_case"])
                for environment in Environment:
                    deadline = day + timedelta(days=30)
                    DeclaredReleaseFactory.create(
                        model=model, environment=environment, in_use_since=day, deadline=deadline, description="-v4"
                    )
            retired = RegisteredModelFactory.create(slug="old", team=team, owner=owner, retirement="+1 Over.",
                retired_by=owner, retired_at=model.created_at)  # fmt: skip
            assert retired
            before = taken_out()
        for content in before.values():
            with emptied_after():
                report = check_models(actor=developer, content=content)
                assert report.flaws == []
                finish_import(actor=developer, report=report, tell=silent, last_step=nullcontext)
                assert taken_out() == before

    comes_back()


def test_the_template_is_a_file_that_can_be_read() -> None:
    table = read(csv_file(exports.template_lines(), "models").getvalue())
    assert table.flaws == []
    [line] = table.lines
    assert tuple(line.cells) == NAMES
    assert parsed(line)[1] == []


@pytest.mark.django_db
def test_a_version_that_is_declared_is_told_in_words() -> None:
    release = DeclaredReleaseFactory.create()
    [head, cells] = list(csv.reader(io.StringIO(taken_out()["csv"].decode(), newline="")))
    row = dict(zip(head, cells, strict=True))
    assert (row["in_use_since"], row["deadline"]) == (str(release.in_use_since), str(release.deadline))
    assert row["in_use_as"] == release.description
    assert row["staging_deadline"] == ""
