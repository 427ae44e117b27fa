import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.ui.words import LOOKS, spoken
from tests.factories.accounts import TeamFactory, person_with

pytestmark = pytest.mark.django_db


def test_only_developers_find_the_style_page(client: Client) -> None:
    assert client.get(reverse("style")).status_code == 302
    client.force_login(person_with(Role.AUDITOR))
    assert client.get(reverse("style")).status_code == 404


def test_the_style_page_shows_every_word(client: Client) -> None:
    client.force_login(person_with(Role.DEVELOPER, team=TeamFactory.create()))
    page = client.get(reverse("style")).content.decode()
    shown_otherwise = {"finding_open", "alert_open", "waiver_active"}
    assert [word for word in LOOKS if word not in shown_otherwise and spoken(word) not in page] == []
