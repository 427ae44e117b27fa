import pytest
from django.test import Client
from django.urls import reverse

from monitoring.choices import ProfileState
from monitoring.models import SnapshotProfile
from monitoring.services.profiles import request_profile
from portal.accounts.choices import Role
from portal.core.actors import SYSTEM
from registry.models import DatasetSnapshot
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.monitoring import ProfileFactory
from tests.factories.registry import SnapshotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def snapshot(client: Client) -> DatasetSnapshot:
    made: DatasetSnapshot = SnapshotFactory.create()
    client.force_login(person_with(Role.DEVELOPER, team=made.dataset.team))
    return made


def shown(client: Client, snapshot: DatasetSnapshot) -> str:
    response = client.get(snapshot.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def address(name: str, snapshot: DatasetSnapshot, *more: int) -> str:
    return reverse(name, args=[snapshot.dataset.slug, snapshot.number, *more])


def test_a_snapshot_without_profile_offers_one_and_then_shows_the_work(
    client: Client, snapshot: DatasetSnapshot
) -> None:
    assert "Not profiled yet" in shown(client, snapshot)
    assert client.post(address("snapshot_profile", snapshot)).status_code == 302
    page = shown(client, snapshot)
    assert "Profile: what each column holds" in page
    assert 'hx-trigger="every 2s"' in page
    again = client.post(address("snapshot_profile", snapshot), follow=True)
    assert "is being profiled" in again.content.decode()
    assert SnapshotProfile.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "words", "again"),
    [
        (ProfileState.REFUSED, "the rows were refused", True), (ProfileState.FAILED, "came to no end", True),
        (ProfileState.CANCELLED, "came to no end", True),
    ],
)  # fmt: skip
def test_one_that_came_to_nothing_says_why_and_what_to_do(
    client: Client, snapshot: DatasetSnapshot, state: str, words: str, *, again: bool
) -> None:
    ProfileFactory.create(snapshot=snapshot, state=state, reason="Column “a” is nested.")
    page = shown(client, snapshot)
    assert words in page
    assert "Column “a” is nested." in page
    assert ("Profile again" in page) == again
    client.force_login(person_with(Role.AUDITOR))
    assert "Profile again" not in shown(client, snapshot)


def test_a_profile_shows_each_column_with_its_picture_and_leads_to_it(
    client: Client, snapshot: DatasetSnapshot
) -> None:
    ProfileFactory.create(snapshot=snapshot)
    page = shown(client, snapshot)
    assert "2026" in page
    assert "mean 4,711" in page
    assert page.count("<svg") > 3
    assert address("snapshot_column", snapshot, 2) in page
    assert address("snapshot_profile_csv", snapshot) in page


def test_a_column_has_a_chart_with_a_table_and_its_quantiles(client: Client, snapshot: DatasetSnapshot) -> None:
    ProfileFactory.create(snapshot=snapshot)
    page = client.get(address("snapshot_column", snapshot, 2)).content.decode()
    assert "Numbers behind the chart" in page
    assert "Quantiles" in page
    assert "Standard deviation" in page
    assert "Before: day" in page
    assert "Next: label" in page
    times = client.get(address("snapshot_column", snapshot, 1)).content.decode()
    assert "Earliest" in times
    assert "data-chart" in times


def test_levels_are_listed_with_their_shares(client: Client) -> None:
    snapshot = SnapshotFactory.create(columns=[{"name": "town", "type": "string"}])
    ProfileFactory.create(snapshot=snapshot)
    client.force_login(person_with(Role.AUDITOR))
    page = client.get(address("snapshot_column", snapshot, 1)).content.decode()
    assert "level 0" in page
    assert "Seen once" in page


def test_a_column_that_is_not_there_and_a_profile_that_is_not_done_answer_404(
    client: Client, snapshot: DatasetSnapshot
) -> None:
    assert client.get(address("snapshot_column", snapshot, 1)).status_code == 404
    ProfileFactory.create(snapshot=snapshot)
    for beyond in (0, 4, 10**30):
        assert client.get(address("snapshot_column", snapshot, beyond)).status_code == 404
    assert client.get(reverse("snapshot_column", args=[snapshot.dataset.slug, 10**30, 1])).status_code == 404
    client.force_login(person_with(Role.DEVELOPER, team=TeamFactory.create()))
    for name, more in (("snapshot_column", (1,)), ("snapshot_profile_csv", ())):
        assert client.get(address(name, snapshot, *more)).status_code == 404


def test_the_file_has_a_line_for_each_column(client: Client, snapshot: DatasetSnapshot) -> None:
    ProfileFactory.create(snapshot=snapshot)
    response = client.get(address("snapshot_profile_csv", snapshot))
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0].startswith("column,type,kind,masked,n,nulls")
    assert [line.split(",")[0] for line in lines[1:]] == ["day", "x", "label"]


def test_who_may_not_upload_is_refused(client: Client, snapshot: DatasetSnapshot) -> None:
    client.force_login(person_with(Role.AUDITOR))
    assert client.post(address("snapshot_profile", snapshot)).status_code == 403
    with pytest.raises(SnapshotProfile.DoesNotExist):
        SnapshotProfile.objects.get()
    request_profile(actor=SYSTEM, snapshot=snapshot)
