import json
import logging
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.core.logs import JsonLines
from tests.factories.accounts import PASSWORD, TeamFactory, UserFactory
from tests.portal.api.callers import caller, fresh_client, problem_of

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Return what was logged meanwhile, as it is written: formatted when it is said."""
    texts: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(JsonLines().format(record))

    kept, root = Kept(), logging.getLogger()
    root.addHandler(kept)
    yield lambda: [json.loads(text) for text in texts]
    root.removeHandler(kept)


def access(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if line["logger"] == "portal.access"]


def test_each_request_has_one_line_and_its_id_comes_back(client: Client, lines: Lines) -> None:
    response = client.get(reverse("livez"), headers={"X-Request-ID": "trial-0001"})
    assert response["X-Request-ID"] == "trial-0001"
    [line] = access(lines)
    told = {name: line[name] for name in ("request_id", "route", "method", "status", "message")}
    assert told == {
        "request_id": "trial-0001",
        "route": "livez",
        "method": "GET",
        "status": 200,
        "message": "GET livez 200",
    }
    assert line["duration_ms"] > 0


def test_a_malformed_id_is_replaced(client: Client, lines: Lines) -> None:
    response = client.get(reverse("livez"), headers={"X-Request-ID": '"}, {"level": "x'})
    assert access(lines)[0]["request_id"] == response["X-Request-ID"]
    assert "level" not in response["X-Request-ID"]


def test_an_address_that_is_unknown_is_not_repeated(client: Client, lines: Lines) -> None:
    client.get("/no/such/page?token=not-for-the-log")
    client.generic("BREW", reverse("livez"))
    assert [line["route"] for line in access(lines)] == ["unknown", "livez"]
    assert access(lines)[1]["method"] == "OTHER"
    assert "not-for-the-log" not in json.dumps(lines())


@pytest.mark.django_db
def test_neither_name_nor_address_nor_password_nor_query_gets_into_the_log(client: Client, lines: Lines) -> None:
    user = UserFactory.create()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    client.post(reverse("account_login"), {"login": user.email, "password": "wrong-password"})
    client.force_login(user)
    assert client.get(reverse("models"), {"q": "salaries"}).status_code == 200
    text = json.dumps(lines(), ensure_ascii=False)
    for secret in (user.email, user.name, PASSWORD, "wrong-password", "salaries"):
        assert secret not in text
    assert access(lines)[-1]["user_id"] == user.pk


@pytest.mark.django_db
def test_a_problem_names_the_request(lines: Lines) -> None:
    program = caller(Role.DEVELOPER, team=TeamFactory.create())
    response = program.get("/models/nothing-like-it")
    body = problem_of(response, 404, "not_found")
    assert body["instance"] == f"urn:countersign:request:{response['X-Request-ID']}"
    assert access(lines)[-1]["user_id"] == program.user.pk


def test_a_page_that_breaks_names_the_request_and_the_log_has_its_traceback(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("portal.pages.operations.HttpResponse", broken)
    response = fresh_client().get(reverse("livez"))
    assert response.status_code == 500
    assert response["X-Request-ID"] in response.content.decode()
    [defect] = [line for line in lines() if "error" in line]
    told = (defect["error"], defect["request_id"])
    assert told == ("builtins.ZeroDivisionError", response["X-Request-ID"])


def test_an_unknown_address_of_the_api_names_the_request_too() -> None:
    response = fresh_client().get("/api/v1/nowhere")
    assert problem_of(response, 404, "not_found")["instance"].endswith(response["X-Request-ID"])


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"Origin": "https://elsewhere.example"}])
def test_the_secret_of_a_link_is_in_no_line(lines: Lines, headers: dict[str, str]) -> None:
    secret = secrets.token_urlsafe(32)
    response = Client(enforce_csrf_checks=True).post(reverse("password_link", args=[secret]), headers=headers)
    assert response.status_code == 403
    [refusal] = [line["message"] for line in lines() if line["logger"] == "django.security.csrf"]
    assert refusal.startswith("Forbidden (")
    assert refusal.endswith("): password_link")
    assert not {one for one in (secret, "elsewhere") if one in json.dumps(lines())}


def test_a_defect_at_a_link_does_not_tell_its_secret(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("portal.pages.credentials.usable_link", broken)
    secret = secrets.token_urlsafe(32)
    assert fresh_client().get(reverse("password_link", args=[secret])).status_code == 500
    [defect] = [line for line in lines() if "error" in line]
    assert defect["message"] == "Internal Server Error: password_link"
    assert secret not in json.dumps(lines())


@pytest.mark.parametrize("secret", ["a", "a" * 42, "a" * 44, "a" * 60_000, "a" * 42 + "@"])
def test_what_is_no_secret_is_no_address(lines: Lines, secret: str) -> None:
    assert Client(enforce_csrf_checks=True).post(f"/set-password/{secret}").status_code == 404
    assert [line["logger"] for line in lines()] == ["portal.access"]


def test_a_foreign_host_is_one_short_line(lines: Lines) -> None:
    assert fresh_client().get(reverse("home"), headers={"Host": "evil.example" + "a" * 30_000}).status_code == 400
    [line] = [line for line in lines() if line["logger"].startswith("django")]
    told = {name: line[name] for name in ("logger", "level", "message")}
    assert told == {
        "logger": "django.security.DisallowedHost",
        "level": "WARNING",
        "message": "DisallowedHost: refused",
    }
    assert "traceback" not in line
    assert "evil" not in json.dumps(lines())
