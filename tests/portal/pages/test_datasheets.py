import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import DatasetFactory, DatasheetFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


def test_a_developer_writes_what_a_dataset_is_and_reads_it_again(client: Client) -> None:
    snapshot = SnapshotFactory.create()
    dataset = snapshot.dataset
    client.force_login(person_with(Role.DEVELOPER, team=dataset.team))
    address = reverse("datasheet_write", args=[dataset.slug])
    assert "No datasheet yet." in client.get(reverse("datasheet", args=[dataset.slug])).content.decode()
    sent = {"origin": "The airport.", "sensitive": "x\r\nincome\r\n"}
    assert client.post(address, sent).status_code == 302
    page = client.get(reverse("datasheet", args=[dataset.slug])).content.decode()
    assert "The airport." in page
    assert page.count("no column of the newest snapshot") == 1, "x is one, income is none"
    assert "The airport." in client.get(address).content.decode(), "the next begins with what the newest says"
    assert "Sensitive columns</dt><dd>2" in client.get(dataset.get_absolute_url()).content.decode()


def test_a_form_that_unmasks_says_who_may(client: Client) -> None:
    sheet = DatasheetFactory.create(sensitive=["income"])
    client.force_login(person_with(Role.DEVELOPER, team=sheet.dataset.team))
    response = client.post(reverse("datasheet_write", args=[sheet.dataset.slug]), {"origin": "Here."})
    assert response.status_code == 422
    assert "Only who holds the grant" in response.content.decode()


def test_former_datasheets_stay_and_say_that_they_are_former(client: Client) -> None:
    former = DatasheetFactory.create(origin="Of old.")
    DatasheetFactory.create(dataset=former.dataset, origin="Of now.")
    client.force_login(person_with(Role.AUDITOR))
    page = client.get(former.get_absolute_url()).content.decode()
    assert "Of old." in page
    assert "This is a former datasheet." in page
    for number in ("7", "x", "9" * 30):
        shown = client.get(reverse("datasheet", args=[former.dataset.slug]), {"number": number})
        assert shown.status_code == (404), number


def test_another_teams_datasheet_answers_404(client: Client) -> None:
    dataset = DatasetFactory.create()
    client.force_login(person_with(Role.DEVELOPER, team=TeamFactory.create()))
    assert client.get(reverse("datasheet", args=[dataset.slug])).status_code == 404
    assert client.get(reverse("datasheet_write", args=[dataset.slug])).status_code == 404
