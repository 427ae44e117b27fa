"""Walking through lists."""

import base64
from typing import Any

import pytest

from portal.accounts.models import Team
from tests.factories.registry import RegisteredModelFactory
from tests.portal.api.callers import Caller, fields_of


def slugs(answer: Any) -> list[str]:
    return [row["slug"] for row in answer["results"]]


def test_pages_hold_every_row_once_newest_first_forth_and_back(developer: Caller, team: Team) -> None:
    made = [row.slug for row in RegisteredModelFactory.create_batch(5, team=team)]
    pages = [developer.get("/models", limit=2).json()]
    RegisteredModelFactory.create(team=team)  # comes in while somebody reads
    while pages[-1]["next"]:
        pages.append(developer.client.get(pages[-1]["next"]).json())
    assert [slug for page in pages for slug in slugs(page)] == made[::-1]
    assert slugs(developer.client.get(pages[-1]["previous"]).json()) == slugs(pages[-2])


@pytest.mark.parametrize("limit", ["0", "-1", "many", "", "1e3", "201", "٣", "9" * 5000])
def test_limit_that_is_none_is_a_400_that_says_the_range(developer: Caller, limit: str) -> None:
    answer = developer.get("/models", limit=limit)
    assert fields_of(answer, 400, "invalid") == {"limit"}
    assert "from 1 to 200" in answer.json()["errors"][0]["messages"][0]


def test_limit_up_to_200_is_held(developer: Caller, team: Team) -> None:
    RegisteredModelFactory.create_batch(201, team=team, owner=developer.user)
    answer = developer.get("/models", limit=200).json()
    assert len(answer["results"]) == 200
    assert answer["next"]


def test_oldest_first_ends_where_new_rows_go_on(developer: Caller, team: Team) -> None:
    made = [row.slug for row in RegisteredModelFactory.create_batch(3, team=team)]
    first = developer.get("/models", limit=2, order="oldest").json()
    made.append(RegisteredModelFactory.create(team=team).slug)
    assert slugs(first) + slugs(developer.client.get(first["next"]).json()) == made


def test_order_that_is_none_is_a_400(developer: Caller) -> None:
    assert fields_of(developer.get("/models", order="-purpose"), 400, "invalid") == {"order"}


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "foreign",
    [
        "x",
        "é",
        cursor("p=abc"),
        cursor("p=1;drop"),
        cursor("p=" + "9" * 40),
        cursor("p=-1"),
        cursor("p=\x00"),
        cursor("o=x"),
    ],
)
def test_cursor_of_no_answer_is_a_400(developer: Caller, foreign: str) -> None:
    assert fields_of(developer.get("/models", cursor=foreign), 400, "invalid") == {"cursor"}


def test_cursor_of_anybody_shows_ones_own_rows_only(developer: Caller, stranger: Caller, team: Team) -> None:
    RegisteredModelFactory.create_batch(3, team=team)
    following = developer.get("/models", limit=1).json()["next"]
    assert stranger.client.get(following).json()["results"] == []
