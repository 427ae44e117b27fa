import pytest
from django.test import Client

from portal.accounts.choices import Role
from registry.models import ModelVersion
from tests.factories.accounts import person_with
from tests.factories.monitoring import FinishedRunFactory
from tests.factories.registry import ActiveReleaseFactory, SealedVersionFactory, VersionFactory

pytestmark = pytest.mark.django_db


def name_of(version: ModelVersion) -> str:
    return f"{version.model.slug}:{version.number}"


@pytest.fixture
def pair(client: Client) -> tuple[ModelVersion, ModelVersion]:
    """A version in production and the next one, of a team whose viewer has come."""
    a = ActiveReleaseFactory.create().version
    client.force_login(person_with(Role.VIEWER, team=a.model.team))
    return a, SealedVersionFactory.create(model=a.model)


def shown(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_two_versions_are_compared_at_an_address_that_can_be_kept(
    client: Client, pair: tuple[ModelVersion, ModelVersion]
) -> None:
    a, b = pair
    page = shown(client, f"/compare?a={name_of(a)}&b={name_of(b)}")
    for title in ("What differs", "Metrics", "Files", "Inputs of the model", "Hyperparameters", "Environment", "Card"):
        assert title in page
    assert "No run of either version has measured anything yet." in page
    assert f"?a={name_of(b)}&amp;b={name_of(a)}" in page, "the other way round"


def test_other_rows_stand_under_a_warning(client: Client, pair: tuple[ModelVersion, ModelVersion]) -> None:
    a, b = pair
    for version in pair:
        FinishedRunFactory.create(version=version)
    page = shown(client, f"/compare?a={name_of(a)}&b={name_of(b)}")
    assert "The rows differ: these numbers can not be compared." in page


def test_the_pages_of_model_and_version_lead_to_it(client: Client, pair: tuple[ModelVersion, ModelVersion]) -> None:
    a, b = pair
    page = shown(client, a.model.get_absolute_url())
    assert f'<option value="{name_of(a)}" selected>' in page
    assert 'action="/compare"' in page
    assert f"/compare?a={name_of(a)}&amp;b={name_of(b)}" in shown(client, b.get_absolute_url())


def test_without_versions_one_is_asked_for_them(client: Client, pair: tuple[ModelVersion, ModelVersion]) -> None:
    assert "Compare two versions" in shown(client, "/compare")
    a, _ = pair
    assert f"{a}, Sealed" in shown(client, f"/compare?a={name_of(a)}")


@pytest.mark.parametrize("name", ["late-arrival", "late-arrival:", "late-arrival:x", ":1", "a:1:2"])
def test_what_is_no_version_is_told_in_words(
    client: Client, pair: tuple[ModelVersion, ModelVersion], name: str
) -> None:
    page = shown(client, f"/compare?a={name_of(pair[0])}&b={name}", 422)
    assert "Name a version as model:number" in page


def test_one_version_twice_is_refused(client: Client, pair: tuple[ModelVersion, ModelVersion]) -> None:
    a, _ = pair
    assert "one version twice" in shown(client, f"/compare?a={name_of(a)}&b={name_of(a)}", 422)


def test_another_teams_version_is_not_there(client: Client, pair: tuple[ModelVersion, ModelVersion]) -> None:
    theirs = VersionFactory.create()
    shown(client, f"/compare?a={name_of(pair[0])}&b={name_of(theirs)}", 404)
    shown(client, f"/compare?a={name_of(theirs)}", 404)
