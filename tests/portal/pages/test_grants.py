import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from portal.accounts.choices import Role
from portal.accounts.models import RoleGrant, Team, User
from portal.accounts.roles import CAPABILITIES, CONFIRMED_ROLES, TOKEN_SCOPES
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM
from portal.core.capabilities import explained
from portal.core.clock import now
from portal.pages.grants import MAY, ONE, SECOND
from tests.factories.accounts import PASSWORD, RoleGrantFactory, TeamFactory, UserFactory, person_with
from tests.factories.registry import RegisteredModelFactory
from tests.portal.api.callers import fresh_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> User:
    found = person_with(Role.ADMIN, name="Ann")
    client.force_login(found)
    return found


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory.create(name="Lending")
    return made


def give(client: Client, user: User, **values: object) -> tuple[int, str]:
    response = client.post(reverse("admin_grant_give", args=[user.pk]), values)
    return response.status_code, response.content.decode()


def test_every_role_says_what_it_may_and_whether_it_takes_two() -> None:
    assert set(MAY) == {ONE, *Role}
    assert {role for role in Role if SECOND in MAY[role]} == CONFIRMED_ROLES


@pytest.mark.usefixtures("admin")
def test_each_capability_is_offered_with_what_it_lets_one_do(client: Client) -> None:
    page = client.get(reverse("admin_grant_give", args=[UserFactory.create().pk])).content.decode()
    assert [one for one in CAPABILITIES if escape(explained(one)) not in page] == []
    assert f"{explained('sign')} (takes a second administrator)" in page
    assert re.search(r"<label [^>]*>One capability</label>", page)  # needed with its choice, so not called optional


@pytest.mark.usefixtures("admin")
def test_role_is_granted_in_a_team_for_whole_days(client: Client, team: Team) -> None:
    nora = UserFactory.create()
    first, last = now().date() + timedelta(days=2), now().date() + timedelta(days=9)
    code, _ = give(client, nora, role="developer", team=team.pk, first_day=str(first), last_day=str(last))
    assert code == 302
    grant = RoleGrant.objects.get(user=nora)
    assert (grant.role, grant.team, grant.state) == ("developer", team, "planned")
    assert grant.granted_from == datetime(first.year, first.month, first.day, tzinfo=UTC)
    assert grant.granted_until == datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    page = client.get(reverse("admin_person", args=[nora.pk])).content.decode()
    assert "Developer in Lending is granted to" in page
    assert "Ann" in page


@pytest.mark.usefixtures("admin")
def test_single_capability_is_granted_everywhere(client: Client) -> None:
    nora = UserFactory.create()
    assert give(client, nora, role="one", capability="read_sensitive")[0] == 302
    grant = RoleGrant.objects.get(user=nora)
    assert (grant.capability, grant.team, grant.state) == ("read_sensitive", None, "active")


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Choose a role or one capability."),
        ({"role": "one", "capability": ""}, "Choose a role or one capability."),
        ({"role": "viewer", "capability": "read"}, "Choose a role or one capability."),
        ({"role": "viewer", "first_day": "2030-02-02", "last_day": "2030-01-01"}, "The grant ends before it begins."),
        ({"role": "viewer", "last_day": "no day"}, "Enter a valid date."),
        ({"role": "king"}, "Select a valid choice."),
    ],
)
def test_what_can_not_be_granted_keeps_what_was_chosen(client: Client, values: dict[str, str], told: str) -> None:
    nora, team = UserFactory.create(), TeamFactory.create(name="Lending")
    code, page = give(client, nora, team=team.pk, **values)
    assert code == 422
    assert "Not granted." in page
    assert told in page
    assert f'<option value="{team.pk}" selected>Lending</option>' in page
    assert not RoleGrant.objects.filter(user=nora).exists()


def test_nothing_is_granted_to_oneself(client: Client, admin: User) -> None:
    code, page = give(client, admin, role="viewer")
    assert code == 422
    assert "grant anything to yourself" in page


def test_giver_can_not_confirm_and_a_second_administrator_can(client: Client, admin: User, team: Team) -> None:
    ada = UserFactory.create(name="Ada")
    give(client, ada, role="approver", team=team.pk)
    grant = RoleGrant.objects.get(user=ada)
    address = reverse("admin_grant_confirm", args=[grant.pk])
    page = reverse("admin_person", args=[ada.pk])
    assert address not in client.get(page).content.decode()
    refused = client.post(address, {"password": PASSWORD})
    assert refused.status_code == 422
    assert "neither gave nor receives it" in refused.content.decode()
    client.force_login(person_with(Role.ADMIN))
    assert address in client.get(page).content.decode()
    asked = client.get(address).content.decode()
    assert "Confirm Approver in Lending for Ada?" in asked
    assert "now, without an end date" in asked
    assert "Given by" in asked
    wrong = client.post(address, {"password": "a guess"})
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.content.decode()
    assert client.post(address, {"password": PASSWORD}).status_code == 302
    assert RoleGrant.objects.get(user=ada).state == "active"
    assert client.post(address, {"password": PASSWORD}).status_code == 422


def test_open_session_and_live_token_lose_the_right_at_the_very_next_request(client: Client, admin: User) -> None:
    model = RegisteredModelFactory.create()
    dana = UserFactory.create()
    grant = RoleGrantFactory.create(user=dana, role=Role.DEVELOPER, team=model.team)
    secret = create_token(actor=SYSTEM, user=dana, name="ci", scopes=TOKEN_SCOPES, days=30).secret
    browser, program = fresh_client(), fresh_client(token=secret)
    browser.force_login(dana)
    page, listed = reverse("model", args=[model.slug]), reverse("api_models")
    card = {"intended_use": "Ranks.", "limitations": "Few.", "out_of_scope_use": "Prices."}
    assert browser.get(page).status_code == 200
    assert len(json.loads(program.get(listed).content)["results"]) == 1
    assert client.post(reverse("admin_grant_revoke", args=[grant.pk])).status_code == 302
    assert browser.get(page).status_code == 404
    assert browser.post(reverse("card", args=[model.slug]), card).status_code == 404
    assert json.loads(program.get(listed).content)["results"] == []
    assert program.get(reverse("api_model", args=[model.slug])).status_code == 404


def test_administrator_who_is_revoked_is_out_at_the_next_request(client: Client, admin: User) -> None:
    bo = person_with(Role.ADMIN)
    theirs = Client()
    theirs.force_login(bo)
    assert theirs.get(reverse("admin_people")).status_code == 200
    client.post(reverse("admin_grant_revoke", args=[RoleGrant.objects.get(user=bo).pk]))
    assert theirs.get(reverse("admin_people")).status_code == 403


def test_own_administration_is_not_revoked(client: Client, admin: User) -> None:
    refused = client.post(reverse("admin_grant_revoke", args=[RoleGrant.objects.get(user=admin).pk]))
    assert refused.status_code == 422
    assert "own administration" in refused.content.decode()
