import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.accounts.services.teams import end_pickles, rename_team
from portal.core.clock import now
from portal.core.errors import Forbidden
from portal.ledger.models import PendingEntry
from tests.factories.accounts import TeamFactory, actor_with, person_with
from tests.factories.ci import ISSUER, jwks
from tests.factories.signatures import signer_pem
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
    with pytest.raises(Forbidden):
        end_pickles(actor=actor_with(Role.DEVELOPER), team=TeamFactory.create())


def test_pickles_are_let_in_for_a_time_and_a_reason_and_refused_again(client: Client) -> None:
    team = TeamFactory.create()
    address, page = reverse("admin_team_pickles", args=[team.slug]), reverse("admin_team", args=[team.slug])
    assert "Refused: a pickle runs whatever code it carries" in client.get(page).content.decode()
    day = (now() + timedelta(days=30)).date().isoformat()
    assert client.post(address, {"last_day": day, "reason": "Only joblib models are left."}).status_code == 302
    shown = client.get(page).content.decode()
    assert "Models of this team may be pickles." in shown
    assert "Only joblib models are left." in shown
    assert "kept until" in client.get(reverse("admin_teams")).content.decode()
    assert client.post(reverse("admin_team_pickles_end", args=[team.slug])).status_code == 302
    team.refresh_from_db()
    assert not team.takes_pickles
    assert replayed("team")[str(team.pk)] == team.public_state()
    assert b"joblib" not in b"".join(bytes(row.payload) for row in PendingEntry.objects.all())


@pytest.mark.parametrize(("days", "reason"), [(-2, "Why not."), (500, "Why not."), (30, " "), (30, "x" * 2001)])
def test_pickles_need_a_day_that_is_to_come_and_a_reason(client: Client, days: int, reason: str) -> None:
    team = TeamFactory.create()
    day = (now() + timedelta(days=days)).date().isoformat()
    response = client.post(reverse("admin_team_pickles", args=[team.slug]), {"last_day": day, "reason": reason})
    assert response.status_code == 422
    assert "Not let in." in response.content.decode()
    assert not Team.objects.filter(pickles_until__isnull=False).exists()


def test_the_time_for_pickles_ends_by_itself() -> None:
    team = TeamFactory.create(pickles_until=now() - timedelta(seconds=1), pickles_reason="For a day.")
    assert not team.takes_pickles


def test_ci_issuers_are_registered_and_withdrawn_on_the_teams_page(client: Client) -> None:
    team = TeamFactory.create()
    address, page = reverse("admin_team_ci_issuers", args=[team.slug]), reverse("admin_team", args=[team.slug])
    assert "No issuer yet." in client.get(page).content.decode()
    for text, words in {
        "nonsense": "no JSON",
        "[]": "no JWKS",
        "[" * 39_000: "no JSON",
        "[" * 40_001: "at most 40000",
    }.items():
        refused = client.post(address, {**ISSUER, "jwks": text})
        assert (refused.status_code, words in refused.content.decode()) == (422, True), words
    assert client.post(address, {**ISSUER, "jwks": json.dumps(jwks("one"))}).status_code == 302
    shown = client.get(page).content.decode()
    assert ISSUER["issuer"] in shown
    issuer = team.ci_issuers.get()
    assert client.post(reverse("admin_ci_issuer_withdraw", args=[issuer.pk])).status_code == 302
    assert "Withdrawn" in client.get(page).content.decode()


def test_signers_keys_are_registered_and_withdrawn_on_the_teams_page(client: Client) -> None:
    team = TeamFactory.create()
    address, page = reverse("admin_team_signers", args=[team.slug]), reverse("admin_team", args=[team.slug])
    assert "No key yet." in client.get(page).content.decode()
    refused = client.post(address, {"name": "Vendor", "pem": "nonsense"})
    assert refused.status_code == 422
    assert "no public key in PEM form" in refused.content.decode()
    assert client.post(address, {"name": "Vendor <b>", "pem": signer_pem("vendor")}).status_code == 302
    shown = client.get(page).content.decode()
    assert "Vendor &lt;b&gt;" in shown
    key = team.signer_keys.get()
    assert key.key_id[:8] in shown
    assert client.post(reverse("admin_signer_withdraw", args=[key.pk])).status_code == 302
    assert "Withdrawn" in client.get(page).content.decode()
