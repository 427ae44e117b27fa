import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import CredentialChange, User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.credentials import change_email, issue_link
from portal.accounts.services.users import deactivate_user
from portal.core.actors import SYSTEM
from tests.factories.accounts import PASSWORD, UserFactory, actor_with, person_with

pytestmark = pytest.mark.django_db

KNOWN = {"password": PASSWORD}


@pytest.fixture
def second(client: Client) -> User:
    found = person_with(Role.ADMIN)
    client.force_login(found)
    return found


@pytest.mark.usefixtures("second")
def test_address_of_an_approver_is_confirmed_knowing_both(client: Client) -> None:
    ada = person_with(Role.APPROVER, name="Ada", email="ada@example.org")
    change = change_email(actor=actor_with(Role.ADMIN), user=ada, email="new@example.org").change
    address = reverse("admin_change_confirm", args=[change.pk])
    asked = client.get(address).content.decode()
    assert "Ada signs in with new@example.org from now on; ada@example.org no longer works." in asked
    assert client.post(address, KNOWN).headers["Location"] == reverse("admin_person", args=[ada.pk])
    assert User.objects.get(pk=ada.pk).email == "new@example.org"


@pytest.mark.usefixtures("second")
def test_closed_account_of_an_approver_is_opened_by_a_second(client: Client) -> None:
    first, ada = person_with(Role.ADMIN), person_with(Role.APPROVER, name="Ada")
    deactivate_user(actor=actor_for_user(first, interactive=True), user=ada)
    theirs = Client()
    theirs.force_login(first)
    told = theirs.post(reverse("admin_person_reactivate", args=[ada.pk]), follow=True).content.decode()
    assert "The account opens when a second administrator confirms it." in told
    change = CredentialChange.objects.get(user=ada)
    assert theirs.post(reverse("admin_change_confirm", args=[change.pk]), KNOWN).status_code == 422
    assert not User.objects.get(pk=ada.pk).is_active
    client.post(reverse("admin_change_confirm", args=[change.pk]), KNOWN)
    assert User.objects.get(pk=ada.pk).is_active


@pytest.mark.usefixtures("second")
def test_withdrawn_link_says_so_to_who_opens_it(client: Client) -> None:
    issued = issue_link(actor=actor_with(Role.ADMIN), user=UserFactory.create())
    address = reverse("admin_change_withdraw", args=[issued.change.pk])
    assert "a link made for it ends now" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 422
    assert Client().get(reverse("password_link", args=[issued.secret])).status_code == 404


def test_link_asks_for_no_code_where_one_administrator_was_enough(client: Client) -> None:
    secret = issue_link(actor=SYSTEM, user=UserFactory.create()).secret
    response = client.get(reverse("password_link", args=[secret]))
    assert 'name="code"' not in response.content.decode()
    assert response.headers["Cache-Control"] == "no-store"
