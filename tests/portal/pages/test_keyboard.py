import pytest
from django.test import Client
from django.urls import reverse

from portal.ui.navigation import ENTRIES
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def test_the_map_names_every_entry_of_the_side_bar_and_works_without_a_script(client: Client) -> None:
    client.force_login(UserFactory.create())
    page = client.get(reverse("keyboard")).content.decode().split("<main")[1].split("</main>")[0]
    for entry in ENTRIES:
        if entry.capability:
            assert f"Go to {entry.name}" not in page
            continue
        assert f"<kbd>g</kbd> <kbd>{entry.key}</kbd></dt><dd>Go to {entry.name}</dd>" in page
    assert "<kbd>/</kbd></dt><dd>Search</dd>" in page


def test_each_key_leads_to_one_place() -> None:
    keys = [entry.key for entry in ENTRIES]
    assert len(set(keys)) == len(keys)
