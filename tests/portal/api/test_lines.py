"""Bulk reads as JSON lines."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import Team
from portal.api import lines
from tests.factories.registry import RegisteredModelFactory
from tests.portal.api.callers import V1, Caller, fields_of


def ask(caller: Caller, query: str = "", accept: str = "application/x-ndjson") -> Any:
    return caller.client.get(f"{V1}/models{query}", headers={"Accept": accept})


def rows(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


def test_lines_are_the_rows_of_the_list(developer: Caller, team: Team) -> None:
    RegisteredModelFactory.create_batch(3, team=team)
    answer = ask(developer)
    assert answer["Content-Type"] == "application/x-ndjson"
    assert rows(answer) == developer.get("/models").json()["results"]
    assert [row["slug"] for row in rows(ask(developer, "?order=oldest"))] == [
        row["slug"] for row in developer.get("/models", order="oldest").json()["results"]
    ]


def test_lines_are_scoped_and_filtered_like_the_list(developer: Caller, stranger: Caller, team: Team) -> None:
    RegisteredModelFactory.create(team=team, tier=1)
    RegisteredModelFactory.create(team=team, tier=2)
    assert [row["tier"] for row in rows(ask(developer, "?tier=2"))] == [2]
    assert rows(ask(stranger)) == []


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(lines, "CHUNK", 2)
    return iter(())


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_every_row_comes_once_whatever_the_chunks(
    developer: Caller, team: Team, small_chunks: None, count: int
) -> None:
    made = [row.slug for row in RegisteredModelFactory.create_batch(count, team=team)]
    assert [row["slug"] for row in rows(ask(developer))] == made[::-1]


def test_queries_grow_with_chunks_not_with_rows(developer: Caller, team: Team) -> None:
    RegisteredModelFactory.create_batch(120, team=team, owner=developer.user)
    with CaptureQueriesContext(connection) as few:
        rows(ask(developer, "?order=oldest&tier=3"))
    with CaptureQueriesContext(connection) as many:
        assert len(rows(ask(developer))) == 120
    assert len(many) <= len(few) + 1


def test_pages_are_no_part_of_lines(developer: Caller) -> None:
    assert fields_of(ask(developer, "?limit=2&cursor=x"), 400, "invalid") == {"limit", "cursor"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/jsonl", "application/jsonl"),
        ("application/json;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("application/x-ndjson;q=0.1, application/json", "application/json"),
        ("*/*", "application/json"),
        ("nonsense", "application/json"),
        ("", "application/json"),
    ],
)
def test_client_gets_what_it_prefers(developer: Caller, accept: str, kind: str) -> None:
    assert ask(developer, accept=accept)["Content-Type"] == kind


def test_detail_has_no_lines(developer: Caller, team: Team) -> None:
    RegisteredModelFactory.create(team=team, slug="limits")
    answer = developer.client.get(f"{V1}/models/limits", headers={"Accept": "application/x-ndjson"})
    assert answer["Content-Type"] == "application/json"
