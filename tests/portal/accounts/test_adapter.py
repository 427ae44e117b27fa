"""Tries at signing in: by account, address and browser; a stranger locks nobody out."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from portal.accounts.browsers import COOKIE
from portal.core.throttles import LOGIN_ACCOUNT, LOGIN_ADDRESS, take
from tests.factories.accounts import PASSWORD, UserFactory
from tests.portal.api.callers import fresh_client

pytestmark = pytest.mark.django_db
NORA = "nora@example.org"
WRONG = "not hers"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture(autouse=True)
def nora(standing_clock: datetime) -> Any:
    return UserFactory.create(email=NORA)


def tried(address: str, *, email: str = NORA, password: str = WRONG, client: Client | None = None) -> str:
    """Try to sign in from an address: "in", "wrong" or "wait"."""
    response: Any = (client or fresh_client()).post(
        "/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=address
    )
    if response.status_code == 302:
        return "in"
    text = response.content.decode()
    if "Too many failed sign-ins. Wait " in text:
        assert "then try again." in text
        return "wait"
    return "wrong"


def test_guessing_from_one_address_ends_after_five_tries_even_with_the_right_password() -> None:
    assert [tried(HERE) for _ in range(5)] == ["wrong"] * 5
    assert tried(HERE, password=PASSWORD) == "wait"
    assert tried(HERE, email="NORA@example.org ", password=PASSWORD) == "wait"


def test_the_person_signs_in_elsewhere_meanwhile() -> None:
    for _ in range(8):
        tried(HERE)
    assert tried(ELSEWHERE, password=PASSWORD) == "in"


def test_many_addresses_use_up_the_account_but_not_a_browser_that_is_known() -> None:
    known = fresh_client()
    assert tried(ELSEWHERE, password=PASSWORD, client=known) == "in"
    known.post("/accounts/logout/")
    for _ in range(LOGIN_ACCOUNT.tries):
        assert take((LOGIN_ACCOUNT, NORA)) == 0
    assert tried("192.0.2.77", password=PASSWORD) == "wait"
    assert tried("192.0.2.77", password=PASSWORD, client=known) == "in"


def test_a_known_browser_is_held_up_by_its_own_tries() -> None:
    known = fresh_client()
    tried(HERE, password=PASSWORD, client=known)
    known.post("/accounts/logout/")
    assert [tried(HERE, client=known) for _ in range(11)] == ["wrong"] * 10 + ["wait"]
    assert tried(HERE, password=PASSWORD) == "in"


@pytest.mark.parametrize("mark", ["", "x", "forged:abc:def"])
def test_a_forged_mark_counts_for_nothing(mark: str) -> None:
    client = fresh_client()
    client.cookies[COOKIE] = mark
    assert [tried(HERE, client=client) for _ in range(6)][-1] == "wait"


def test_the_mark_of_one_account_is_none_of_another() -> None:
    UserFactory.create(email="ben@example.org")
    client = fresh_client()
    tried(HERE, email="ben@example.org", password=PASSWORD, client=client)
    client.post("/accounts/logout/")
    assert [tried(HERE, client=client) for _ in range(6)][-1] == "wait"


def test_one_address_can_not_try_one_password_on_all_accounts() -> None:
    for _ in range(LOGIN_ADDRESS.tries - 1):
        assert take((LOGIN_ADDRESS, HERE)) == 0
    assert [tried(HERE, email=f"person{number}@example.org") for number in range(2)] == ["wrong", "wait"]


def test_unknown_accounts_wait_like_known_ones() -> None:
    assert [tried(HERE, email="nobody@example.org") for _ in range(6)] == [tried(HERE) for _ in range(6)]


def test_signing_in_well_uses_nothing_up() -> None:
    assert [tried(HERE, password=PASSWORD) for _ in range(8)] == ["in"] * 8


def test_the_address_of_a_header_counts_only_from_our_proxy(settings: Any) -> None:
    for number in range(6):
        response = fresh_client().post(
            "/accounts/login/", {"login": NORA, "password": "wrong"}, REMOTE_ADDR=HERE,
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        )  # fmt: skip
    assert "Too many failed sign-ins" in response.content.decode()


def test_confirming_the_password_is_limited_by_person(client: Client, nora: Any) -> None:
    client.force_login(nora)
    address = "/accounts/reauthenticate/"
    for _ in range(10):
        assert "Too many" not in client.post(address, {"password": "wrong"}).content.decode()
    assert "Too many wrong passwords. Wait" in client.post(address, {"password": PASSWORD}).content.decode()
