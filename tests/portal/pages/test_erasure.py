import pytest
from django.test import Client
from django.urls import reverse

from monitoring.models import ValidationPlan
from portal.accounts.choices import Role
from registry.models import DatasetSnapshot
from tests.factories.accounts import RoleGrantFactory, person_with
from tests.factories.monitoring import PlanFactory
from tests.factories.registry import SnapshotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def snapshot(client: Client) -> DatasetSnapshot:
    made: DatasetSnapshot = PlanFactory.create().held_out
    user = person_with(Role.VIEWER, team=made.dataset.team, name="Ada")
    RoleGrantFactory.create(user=user, role="", capability="erase_data", team=made.dataset.team)
    client.force_login(user)
    return made


def address(snapshot: DatasetSnapshot) -> str:
    return reverse("snapshot_erase", args=[snapshot.dataset.slug, snapshot.number])


def test_the_page_says_what_will_be_lost_and_what_remains(client: Client, snapshot: DatasetSnapshot) -> None:
    other = SnapshotFactory.create(dataset__team=snapshot.dataset.team, blob=snapshot.blob)
    assert address(snapshot) in client.get(snapshot.get_absolute_url()).content.decode()
    page = client.get(address(snapshot)).content.decode()
    assert "for good" in page
    assert str(other) in page
    assert "Plans that hold it out" in page


def test_a_name_that_is_not_typed_erases_nothing(client: Client, snapshot: DatasetSnapshot) -> None:
    response = client.post(address(snapshot), {"typed": "it", "reason": "Asked for."})
    assert response.status_code == 422
    assert f"Type {snapshot} to erase its rows." in response.content.decode()
    snapshot.refresh_from_db()
    assert snapshot.blob_id


def test_erased_rows_are_marked_wherever_the_snapshot_is_shown(client: Client, snapshot: DatasetSnapshot) -> None:
    response = client.post(address(snapshot), {"typed": str(snapshot), "reason": "Asked for."}, follow=True)
    page = response.content.decode()
    assert "Data erased, not recomputable." in page
    assert "Ada erased the rows" in page
    assert "Asked for." in page
    assert "Erase the rows…" not in page
    assert "Erased" in client.get(snapshot.dataset.get_absolute_url()).content.decode()
    model = ValidationPlan.objects.get(held_out=snapshot).model
    assert "rows erased" in client.get(model.get_absolute_url()).content.decode()
    assert client.get(address(snapshot)).status_code == 409


def test_who_lacks_the_grant_is_offered_nothing(client: Client, snapshot: DatasetSnapshot) -> None:
    client.force_login(person_with(Role.DEVELOPER, team=snapshot.dataset.team))
    assert "Erase the rows…" not in client.get(snapshot.get_absolute_url()).content.decode()
    assert client.get(address(snapshot)).status_code == 403
