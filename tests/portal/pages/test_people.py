import re

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import CredentialChange, RoleGrant, User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.credentials import change_email
from tests.factories.accounts import (
    PASSWORD,
    RoleGrantFactory,
    ServiceAccountFactory,
    TeamFactory,
    UserFactory,
    person_with,
)

pytestmark = pytest.mark.django_db
NEW = "an entirely new pass phrase"


@pytest.fixture
def admin(client: Client) -> User:
    found = person_with(Role.ADMIN, name="Ann")
    client.force_login(found)
    return found


def page_of(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_only_administrators_are_shown_the_way_and_let_in(client: Client) -> None:
    client.force_login(person_with(Role.AUDITOR, Role.DEVELOPER))
    assert reverse("admin") not in client.get("/").content.decode()
    response = client.get(reverse("admin"))
    assert response.status_code == 403
    assert "may not make people and grant roles here" in response.content.decode()
    client.force_login(person_with(Role.ADMIN))
    assert f'href="{reverse("admin")}"' in client.get("/").content.decode()


@pytest.mark.usefixtures("admin")
def test_people_are_found_by_name_address_role_and_state(client: Client) -> None:
    team = TeamFactory.create(name="Lending")
    nora = person_with(Role.DEVELOPER, team=team, name="Nora", email="n@bank.example")
    gone = person_with(Role.VIEWER, name="Otto", is_active=False)
    ServiceAccountFactory.create(name="Robot", owner=nora)
    everybody = page_of(client, "admin_people")
    assert "Nora" in everybody
    assert "in Lending" in everybody
    assert "Robot" not in everybody
    for query, one, other in (
        ({"q": "nor"}, "Nora", "Otto"),
        ({"q": "BANK"}, "Nora", "Otto"),
        ({"role": "developer"}, "Nora", "Otto"),
        ({"state": "deactivated"}, "Otto", "Nora"),
    ):
        found = page_of(client, "admin_people", **query)
        assert one in found, query
        assert other not in found, query
    assert "Nobody fits." in page_of(client, "admin_people", q="nobody at all")
    assert "Otto" in page_of(client, "admin_person", gone.pk)


@pytest.mark.usefixtures("admin")
def test_person_is_made_with_a_link_that_is_shown_once_and_works_once(client: Client) -> None:
    address = reverse("admin_person_new")
    kept = client.post(address, {"name": "Nora", "email": "nonsense"})
    assert kept.status_code == 422
    assert 'value="Nora"' in kept.content.decode()
    made = client.post(address, {"name": "Nora", "email": "Nora@example.org"})
    assert made.headers["Cache-Control"] == "no-store"
    (link,) = re.findall(r"http://testserver(/set-password/[\w-]+)", made.content.decode())
    assert 'aria-label="Copy what is shown once"' in made.content.decode()
    assert f'<li><a href="{reverse("admin")}">Administration</a></li>' in made.content.decode()
    nora = User.objects.get(email="nora@example.org")
    assert link not in page_of(client, "admin_person", nora.pk)
    stranger = Client()
    assert "Nora" in stranger.get(link).content.decode()
    assert stranger.get(link).headers["Referrer-Policy"] == "strict-origin"
    weak = stranger.post(link, {"password": "short", "repeated": "short"})
    assert weak.status_code == 422
    assert "Not set." in weak.content.decode()
    assert "see the field" not in weak.content.decode()
    assert stranger.post(link, {"password": NEW, "repeated": NEW}).headers["Location"] == reverse("account_login")
    assert "The password is set." in stranger.get(reverse("account_login")).content.decode()
    used = stranger.get(link)
    assert used.status_code == 404
    assert "used, withdrawn or expired" in used.content.decode()
    stranger.post(reverse("account_login"), {"login": "nora@example.org", "password": NEW})
    assert stranger.get("/").status_code == 200


def test_new_password_of_an_approver_takes_a_link_and_a_code_of_two_people(client: Client, admin: User) -> None:
    approver, second = person_with(Role.APPROVER, name="Ada"), person_with(Role.ADMIN)
    asked = client.get(reverse("admin_person_password", args=[approver.pk])).content.decode()
    assert "Their word takes two administrators" in asked
    assert "They also need a code" in asked
    made = client.post(reverse("admin_person_password", args=[approver.pk])).content.decode()
    (link,) = re.findall(r"http://testserver(/set-password/[\w-]+)", made)
    waits = Client().get(link)
    assert waits.status_code == 409
    assert "waits for a second administrator" in waits.content.decode()
    confirm = reverse("admin_change_confirm", args=[CredentialChange.objects.get().pk])
    assert confirm not in page_of(client, "admin_person", approver.pk)
    refused = client.post(confirm, {"password": PASSWORD})
    assert refused.status_code == 422
    assert "neither asked for it nor is concerned" in refused.content.decode()
    client.force_login(second)
    assert confirm in page_of(client, "admin_person", approver.pk)
    assert confirm in client.get("/").content.decode()
    shown = client.post(confirm, {"password": PASSWORD}).content.decode()
    (code,) = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", shown)
    sent = {"password": NEW, "repeated": NEW}
    assert "This field is required." in Client().post(link, sent).content.decode()
    assert "not the code of this link" in Client().post(link, {**sent, "code": "AAAA"}).content.decode()
    assert Client().post(link, {**sent, "code": code}).status_code == 302
    assert User.objects.get(pk=approver.pk).check_password(NEW)


def test_closing_an_account_says_what_ends_and_does_it_at_once(client: Client, admin: User) -> None:
    nora = person_with(Role.DEVELOPER, name="Nora")
    ServiceAccountFactory.create(name="Robot", owner=nora)
    theirs = Client()
    theirs.post(reverse("account_login"), {"login": nora.email, "password": PASSWORD})
    theirs.post(reverse("tokens"), {"name": "ci", "scopes": ["read"], "days": "30"})
    asked = page_of(client, "admin_person_deactivate", nora.pk)
    for told in ("Sessions that end now: 1.", "Tokens that are revoked, and stay so: 1.", "Robot", "nobody is deleted"):
        assert told in asked
    assert client.post(reverse("admin_person_deactivate", args=[nora.pk])).status_code == 302
    assert theirs.get("/").status_code == 302
    assert "Deactivated" in page_of(client, "admin_person", nora.pk)
    again = client.post(reverse("admin_person_deactivate", args=[nora.pk]))
    assert again.status_code == 422
    assert "deactivated already" in again.content.decode()
    client.post(reverse("admin_person_reactivate", args=[nora.pk]))
    assert User.objects.get(pk=nora.pk).is_active


def test_own_account_is_not_closed_and_the_one_left_is_warned_of(client: Client, admin: User) -> None:
    refused = client.post(reverse("admin_person_deactivate", args=[admin.pk]))
    assert refused.status_code == 422
    assert "own account" in refused.content.decode()
    other = person_with(Role.ADMIN)
    asked = page_of(client, "admin_person_deactivate", other.pk)
    assert "Only Ann will administer" in asked
    client.post(reverse("admin_person_deactivate", args=[other.pk]))
    assert "Only one person administers." in page_of(client, "admin")


@pytest.mark.usefixtures("admin")
def test_address_is_changed_and_a_taken_one_is_kept_in_the_form(client: Client) -> None:
    nora = person_with(Role.DEVELOPER)
    UserFactory.create(email="taken@example.org")
    address = reverse("admin_person_email", args=[nora.pk])
    refused = client.post(address, {"email": "taken@example.org"})
    assert refused.status_code == 422
    assert 'value="taken@example.org"' in refused.content.decode()
    assert client.post(address, {"email": "new@example.org"}).status_code == 302
    assert User.objects.get(pk=nora.pk).email == "new@example.org"


def test_what_waits_is_for_who_neither_asked_nor_is_concerned(client: Client, admin: User) -> None:
    ada = UserFactory.create(name="Ada")
    RoleGrantFactory.create(user=ada, role=Role.APPROVER, granted_by=admin, confirmed_by=None)
    concerned = person_with(Role.ADMIN, name="Bo")
    change_email(actor=actor_for_user(admin, interactive=True), user=concerned, email="bo@example.org")
    page = page_of(client, "admin")
    assert "2 things wait for a second administrator." in page
    assert page.count("Somebody else confirms it.") == 2
    assert "Waiting for you as second administrator" not in client.get("/").content.decode()
    client.force_login(concerned)
    page = page_of(client, "admin")
    assert page.count("It is about you.") == 1
    home = client.get("/").content.decode()
    assert "One thing waits for you." in home
    assert "Approver everywhere" in home
    assert RoleGrant.objects.get(user=ada).state == "waiting"
