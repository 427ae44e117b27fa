"""The page on which one tries the API, and the ways to it."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from tests.factories.accounts import person_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def developer(client: Client) -> None:
    client.force_login(person_with(Role.DEVELOPER))


@pytest.mark.parametrize("page", ["quick_start", "tokens"])
def test_who_needs_a_token_is_led_to_the_page(client: Client, page: str) -> None:
    assert f'href="{reverse("try_the_api")}"' in client.get(reverse(page)).content.decode()


def test_until_the_script_has_come_the_page_says_what_it_waits_for_and_where_to_read_instead(client: Client) -> None:
    place = client.get(reverse("try_the_api")).content.decode().partition('id="api-docs"')[2].partition("</section>")[0]
    assert "Loading…" in place
    assert f'href="{reverse("api_schema")}?format=json"' in place.partition("<noscript>")[2]
