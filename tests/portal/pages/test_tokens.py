import re

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import ApiToken, User
from portal.accounts.roles import ROLES, TOKEN_SCOPES
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.tokens import create_token, use_token
from portal.pages.tokens import FOR_REGISTERING
from tests.factories.accounts import UserFactory, person_with

pytestmark = pytest.mark.django_db
WANTED = {"name": "training CI", "scopes": ["read", "register_version"], "days": "30"}


@pytest.fixture
def user(client: Client) -> User:
    found = person_with(Role.DEVELOPER)
    client.force_login(found)
    return found


@pytest.mark.usefixtures("user")
def test_without_a_token_the_page_says_what_one_is_for(client: Client) -> None:
    page = client.get(reverse("tokens")).content.decode()
    assert "No token yet." in page
    assert "No token can sign." in page


@pytest.mark.usefixtures("user")
def test_the_form_starts_with_what_registering_needs_and_never_offers_signing(client: Client) -> None:
    page = client.get(reverse("tokens")).content.decode()
    assert "write card: write and publish model cards" in page
    ticked = set(re.findall(r'value="([a-z_]+)"[^>]* checked', page))
    assert ticked == set(FOR_REGISTERING)
    assert {"open_request", "export_evidence"} < ticked < set(TOKEN_SCOPES)
    assert 'value="sign"' not in page


def test_only_what_the_person_holds_is_offered(client: Client) -> None:
    client.force_login(person_with(Role.VALIDATOR))
    page = client.get(reverse("tokens")).content.decode()
    offered = set(re.findall(r'name="scopes" value="([a-z_]+)"', page))
    assert offered == ROLES[Role.VALIDATOR]
    response = client.post(reverse("tokens"), {**WANTED, "scopes": ["register_version"]})
    assert response.status_code == 422
    assert not ApiToken.objects.exists()


def test_who_holds_nothing_is_told_so(client: Client) -> None:
    client.force_login(UserFactory.create())
    page = client.get(reverse("tokens")).content.decode()
    assert "You hold no role yet, so a token could do nothing." in page
    assert "Make the token" not in page


@pytest.mark.usefixtures("user")
def test_a_token_without_scopes_is_refused_in_words(client: Client) -> None:
    page = client.post(reverse("tokens"), {**WANTED, "scopes": []}).content.decode()
    assert "Choose at least one scope." in page


def test_a_secret_is_shown_once_and_works(client: Client, user: User) -> None:
    response = client.post(reverse("tokens"), WANTED)
    page = response.content.decode()
    (secret,) = re.findall(r"cs_[0-9a-f]{10}_[0-9a-f]{64}", page)
    found = use_token(secret)
    assert found is not None
    assert (found.user, found.name, found.scopes) == (user, "training CI", ["read", "register_version"])
    assert response.headers["Cache-Control"] == "private, no-store"
    assert secret not in client.get(reverse("tokens")).content.decode()


def test_a_form_that_is_sent_again_makes_no_second_token(client: Client, user: User) -> None:
    sent = {"name": "laptop", "scopes": ["read"], "days": 30}
    assert client.post(reverse("tokens"), sent).status_code == 200
    again = client.post(reverse("tokens"), sent)
    assert (again.status_code, ApiToken.objects.filter(user=user).count()) == (422, 1)
    assert "A working token has this name" in again.text


@pytest.mark.usefixtures("user")
def test_after_making_one_the_form_is_fresh(client: Client) -> None:
    page = client.post(reverse("tokens"), WANTED).content.decode()
    assert "Not made." not in page
    assert 'name="name" value=' not in page


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["sign"]}, {"days": "5000"}])
def test_a_token_that_can_not_be_made_is_refused_in_the_form(client: Client, wrong: dict[str, object]) -> None:
    response = client.post(reverse("tokens"), {**WANTED, **wrong})
    assert response.status_code == 422
    assert "Not made." in response.content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked(client: Client, user: User) -> None:
    made = create_token(
        actor=actor_for_user(user, interactive=True), user=user, name="CI", scopes=list(TOKEN_SCOPES), days=7
    )
    address = reverse("token_revoke", args=[made.token.pk])
    assert address in client.get(reverse("tokens")).content.decode()
    assert f"all {len(TOKEN_SCOPES)}" in client.get(reverse("tokens")).content.decode()
    assert client.post(address).headers["Location"] == reverse("tokens")
    assert use_token(made.secret) is None
    page = client.get(reverse("tokens")).content.decode()
    assert "Revoked" in page
    assert address not in page


@pytest.mark.usefixtures("user")
def test_another_persons_token_is_not_listed_and_not_revoked(client: Client) -> None:
    other = UserFactory.create()
    made = create_token(
        actor=actor_for_user(other, interactive=True), user=other, name="theirs", scopes=["read"], days=7
    )
    assert "theirs" not in client.get(reverse("tokens")).content.decode()
    assert client.post(reverse("token_revoke", args=[made.token.pk])).status_code == 404
    assert use_token(made.secret) is not None


@pytest.mark.usefixtures("user")
def test_revoking_by_a_link_does_nothing(client: Client) -> None:
    assert client.get(reverse("token_revoke", args=[1])).status_code == 405
