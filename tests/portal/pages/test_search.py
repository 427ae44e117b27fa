import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import RegisteredModelFactory

pytestmark = pytest.mark.django_db


def asked(client: Client, words: str) -> str:
    return client.get(reverse("search"), {"q": words}).content.decode()


def test_results_are_grouped_with_the_matched_words_marked(client: Client) -> None:
    model = RegisteredModelFactory.create(slug="late-arrival", name="Late", purpose="Warns of late trains & buses.")
    client.force_login(person_with(Role.VIEWER, team=model.team))
    page = asked(client, "late")
    assert "<h1>1 thing found</h1>" in page
    assert f'<a class="main" href="{model.get_absolute_url()}"><mark>late</mark>-arrival, <mark>Late</mark></a>' in page
    assert "Warns of <mark>late</mark> trains &amp; buses" in page
    assert 'value="late"' in page


def test_nothing_found_says_what_to_try(client: Client) -> None:
    client.force_login(person_with(Role.VIEWER, team=TeamFactory.create()))
    assert "<h1>Nothing found</h1>" in asked(client, "<script>")
    assert "<script>" not in asked(client, "<script>").split("<main")[1]
    assert "Type what you look for." in asked(client, " ")


def test_the_box_in_the_head_searches(client: Client) -> None:
    client.force_login(person_with(Role.VIEWER, team=TeamFactory.create()))
    assert f'role="search" action="{reverse("search")}"' in client.get(reverse("models")).content.decode()
