import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.accounts.services.teams import rename_team
from portal.core.errors import Forbidden
from portal.ledger.models import PendingEntry
from tests.factories.accounts import TeamFactory, actor_with, person_with
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def admin(client: Client) -> None:
    client.force_login(person_with(Role.ADMIN))


def test_team_is_made_and_listed(client: Client) -> None:
    address = reverse("admin_teams")
    kept = client.post(address, {"name": "Credit risk", "slug": "no spaces", "line": "second"})
    assert kept.status_code == 422
    assert 'value="Credit risk"' in kept.content.decode()
    assert client.post(address, {"name": "Credit risk", "slug": "credit-risk", "line": "second"}).status_code == 302
    page = client.get(address).content.decode()
    assert "Credit risk" in page
    assert "Second line" in page


def test_team_is_renamed_and_keeps_its_slug(client: Client) -> None:
    team = TeamFactory.create(name="Old name")
    address = reverse("admin_team", args=[team.slug])
    assert client.post(address, {"name": " "}).status_code == 422
    assert client.post(address, {"name": "New name"}).status_code == 302
    renamed = Team.objects.get(pk=team.pk)
    assert (renamed.name, renamed.slug) == ("New name", team.slug)
    assert replayed("team") == {str(team.pk): renamed.public_state()}
    assert b"New name" not in b"".join(bytes(row.payload) for row in PendingEntry.objects.all())


def test_only_administrators_rename_teams() -> None:
    with pytest.raises(Forbidden):
        rename_team(actor=actor_with(Role.DEVELOPER), team=TeamFactory.create(), name="Mine")
