"""Signing in through the browser's door."""

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from portal.accounts.models import User
from tests.factories.accounts import PASSWORD, ServiceAccountFactory, UserFactory

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, *, password: str = PASSWORD, following: str = "/") -> object:
    return client.post("/accounts/login/", {"login": email, "password": password, "next": following})


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_person_signs_in_whatever_the_case_of_the_address(client: Client) -> None:
    UserFactory.create(email="nora@example.org")
    response = sign_in(client, "Nora@Example.org")
    assert getattr(response, "status_code", 0) == 302
    assert signed_in(client)


def test_wrong_password_closed_account_and_service_account_stay_outside(client: Client) -> None:
    UserFactory.create(email="nora@example.org")
    UserFactory.create(email="gone@example.org", is_active=False)
    ServiceAccountFactory.create(email="ci@example.org")
    sign_in(client, "nora@example.org", password="wrong")
    sign_in(client, "gone@example.org")
    for password in ("", "!"):
        sign_in(client, "ci@example.org", password=password)
    assert not signed_in(client)


def test_session_ends_when_the_account_is_closed(client: Client) -> None:
    user = UserFactory.create()
    client.force_login(user)
    assert client.get("/accounts/reauthenticate/").status_code == 200
    User.objects.update(is_active=False)
    assert client.get("/accounts/reauthenticate/").status_code == 302


@pytest.mark.parametrize("following", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(client: Client, following: str) -> None:
    UserFactory.create(email="nora@example.org")
    response = sign_in(client, "nora@example.org", following=following)
    assert getattr(response, "url", "") == "/"


def test_person_reauthenticates_with_the_password(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 200
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


def test_signing_out_takes_a_post(client: Client) -> None:
    client.force_login(UserFactory.create())
    client.get("/accounts/logout/")
    assert signed_in(client)
    client.post("/accounts/logout/")
    assert not signed_in(client)


@pytest.mark.parametrize("path", ["signup/", "password/reset/", "password/change/", "email/", "password/set/", ""])
def test_nothing_else_of_allauth_answers(path: str) -> None:
    with pytest.raises(Resolver404):
        resolve(f"/accounts/{path}")
