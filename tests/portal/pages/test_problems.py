import pytest
from django.test import Client
from django.urls import reverse

from portal.core.problem_types import PROBLEM_TYPES
from portal.core.problems import problem

pytestmark = pytest.mark.django_db


def test_the_type_of_a_problem_leads_to_its_page(client: Client) -> None:
    for code, row in PROBLEM_TYPES.items():
        address = problem(status=row.status, code=code, detail="It was so.")["type"].removeprefix(
            "http://127.0.0.1:8000"
        )
        page = client.get(address)
        assert page.status_code == 200, address
    assert row.remedy in page.content.decode().replace("&#x27;", "'")


def test_the_list_leads_to_every_page(client: Client) -> None:
    page = client.get(reverse("problems")).content.decode()
    assert [code for code in PROBLEM_TYPES if f'href="{reverse("problem_type", args=[code])}"' not in page] == []


def test_a_code_that_comes_with_two_statuses_says_when_which(client: Client) -> None:
    page = client.get(reverse("problem_type", args=["invalid"])).content.decode()
    for words in ("status 400 or 422", "400: a field or a parameter is unknown", "422: what it says breaks a rule"):
        assert words in page
    assert "400 or 422" in client.get(reverse("problems")).content.decode()


def test_a_code_of_no_problem_is_not_found(client: Client) -> None:
    assert client.get("/problems/none").status_code == 404
