import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import User
from registry.choices import SnapshotState
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.monitoring import RunFactory
from tests.factories.registry import DatasetFactory, InspectingSnapshotFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client: Client) -> User:
    user = person_with(Role.AUDITOR)
    client.force_login(user)
    return user


def shown(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.usefixtures("auditor")
def test_an_empty_list_says_what_a_dataset_is_and_where_to_start(client: Client) -> None:
    page = shown(client, reverse("datasets"))
    assert "No dataset yet." in page
    assert reverse("quick_start") in page


@pytest.mark.usefixtures("auditor")
def test_datasets_are_filtered_and_sorted_by_the_address(client: Client) -> None:
    for slug in ("flights", "weather"):
        SnapshotFactory.create(dataset__slug=slug)
    response = client.get(reverse("datasets"), {"sort": "-slug"})
    assert [row.slug for row in response.context["rows"]] == ["weather", "flights"]
    assert "1 to 1 of 1 datasets" in shown(client, reverse("datasets"), q="FLIGHT")
    assert "No dataset matches." in shown(client, reverse("datasets"), q="zzz")
    assert client.get(reverse("datasets"), {"sort": "team__slug"}).context["rows"][0].slug == "flights"


@pytest.mark.usefixtures("auditor")
def test_a_dataset_lists_its_snapshots_with_rows_size_period_and_digest(client: Client) -> None:
    snapshot = SnapshotFactory.create(rows=55_628)
    SnapshotFactory.create(dataset=snapshot.dataset, period_start=None, period_end=None)
    page = shown(client, snapshot.dataset.get_absolute_url())
    assert "55,628" in page
    assert "1.00" in page
    assert snapshot.sha256 in page
    assert "no time column" in page
    assert "1 to 2 of 2 snapshots" in page


@pytest.mark.usefixtures("auditor")
def test_a_dataset_without_snapshots_says_how_one_comes(client: Client) -> None:
    assert "No snapshot yet." in shown(client, DatasetFactory.create().get_absolute_url())


@pytest.mark.usefixtures("auditor")
def test_a_snapshot_shows_its_identity_schema_and_who_uses_it(client: Client) -> None:
    run = RunFactory.create()
    page = shown(client, run.plan.held_out.get_absolute_url())
    assert "double" in page
    assert "3 in file order" in page
    assert f"plan 1 of {run.version.model.slug}" in page
    assert str(run.version) in page[page.index("Measured on it") :]
    trained = shown(client, run.version.training_run.training_snapshot.get_absolute_url())
    assert str(run.version) in trained[trained.index("Trained on it") :]


@pytest.mark.usefixtures("auditor")
@pytest.mark.parametrize("state", [SnapshotState.REFUSED, SnapshotState.FAILED])
def test_why_a_snapshot_is_not_read_is_said_first(client: Client, state: str) -> None:
    snapshot = InspectingSnapshotFactory.create()
    snapshot.state, snapshot.reason = state, "The file is neither Parquet nor CSV."
    snapshot.save()
    page = shown(client, snapshot.get_absolute_url())
    assert page.index("The file is neither Parquet nor CSV.") < page.index("<dl")
    assert "nothing reads these bytes" in page
    assert "was not accepted" in page


@pytest.mark.usefixtures("auditor")
def test_a_snapshot_in_inspection_asks_again(client: Client) -> None:
    snapshot = InspectingSnapshotFactory.create()
    page = shown(client, snapshot.get_absolute_url())
    assert f'hx-get="{snapshot.get_absolute_url()}" hx-trigger="every 2s"' in page
    assert "not read yet" in page


@pytest.mark.usefixtures("auditor")
def test_erased_rows_leave_the_digest(client: Client) -> None:
    snapshot = SnapshotFactory.create(blob=None, sha256="ab" * 32, size=10)
    page = shown(client, snapshot.get_absolute_url())
    assert "Data erased, not recomputable" in page


def test_another_teams_data_answer_404(client: Client) -> None:
    snapshot = SnapshotFactory.create()
    client.force_login(person_with(Role.DEVELOPER, team=TeamFactory.create()))
    assert client.get(snapshot.get_absolute_url()).status_code == 404
    assert client.get(snapshot.dataset.get_absolute_url()).status_code == 404
    assert snapshot.dataset.slug not in shown(client, reverse("datasets"))
