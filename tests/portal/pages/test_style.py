import pytest
from django.test import Client
from django.urls import reverse

from portal.ui.words import LOOKS, spoken
from tests.factories.accounts import UserFactory


@pytest.mark.django_db
def test_the_style_page_shows_every_word_to_who_signed_in(client: Client) -> None:
    assert client.get(reverse("style")).status_code == 302
    client.force_login(UserFactory.create())
    page = client.get(reverse("style")).content.decode()
    shown_otherwise = {"finding_open", "alert_open", "waiver_active"}
    assert [word for word in LOOKS if word not in shown_otherwise and spoken(word) not in page] == []
