"""In production, behind a proxy that ends TLS: as settings.py makes it of PRODUCTION=1."""

import runpy
from typing import Any

import pytest
from django.test import Client
from django.test.client import ClientHandler
from pytest_django import Settings

from portal.env import BASE_DIR
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
PROXY, STRANGER, HOST = "10.0.0.1", "203.0.113.9", "portal.example.org"
TAKEN = ("SECURE_", "SESSION_COOKIE_", "CSRF_", "TRUSTED_", "ALLOWED_HOSTS", "USE_X_", "PUBLIC_URL", "DEBUG")


@pytest.fixture(autouse=True)
def production(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PRODUCTION": "1", "PUBLIC_URL": f"https://{HOST}", "ALLOWED_HOSTS": HOST, "TRUSTED_PROXIES": "10.0.0.0/8",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    made = runpy.run_path(str(BASE_DIR / "portal" / "settings.py"))
    for name, value in made.items():
        if name.startswith(TAKEN):
            setattr(settings, name, value)


@pytest.fixture
def visitor(production: None) -> Client:
    client = Client(raise_request_exception=False)
    client.handler = ClientHandler(enforce_csrf_checks=True)
    client.handler.load_middleware()
    return client


def get(client: Client, path: str, *, address: str, **headers: str) -> Any:
    return client.get(path, REMOTE_ADDR=address, headers={"Host": HOST, **headers})


OVER_TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": STRANGER}


def test_plain_http_is_sent_to_https_once(visitor: Client) -> None:
    first = get(visitor, "/accounts/login/?next=/models", address=PROXY, **{"X-Forwarded-Proto": "http"})
    assert (first.status_code, first["Location"]) == (301, f"https://{HOST}/accounts/login/?next=/models")
    second = get(visitor, "/accounts/login/?next=/models", address=PROXY, **OVER_TLS)
    assert second.status_code == 200
    assert second["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_who_is_no_proxy_can_not_claim_https(visitor: Client) -> None:
    assert get(visitor, "/accounts/login/", address=STRANGER, **OVER_TLS).status_code == 301


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_are_answered_over_plain_http(visitor: Client, path: str) -> None:
    assert get(visitor, path, address="127.0.0.1").status_code in {200, 503}  # ready or not, but no redirect


def test_a_person_signs_in_and_every_cookie_is_guarded(visitor: Client) -> None:
    UserFactory.create(email="nora@example.org")
    page = get(visitor, "/accounts/login/", address=PROXY, **OVER_TLS)
    token = page.context["csrf_token"]
    values = {"login": "nora@example.org", "password": PASSWORD, "csrfmiddlewaretoken": str(token)}
    headers = {"Host": HOST, "Origin": f"https://{HOST}", **OVER_TLS}
    answer = visitor.post("/accounts/login/", values, REMOTE_ADDR=PROXY, headers=headers)
    assert answer.status_code == 302
    assert set(visitor.cookies) >= {"sessionid", "csrftoken", "browser"}
    for name, cookie in visitor.cookies.items():
        if name != "messages":
            assert cookie["secure"], name
            assert cookie["httponly"], name
            assert cookie["samesite"] in {"Lax", "Strict"}, name
            assert cookie["domain"] == "", name


def test_a_form_from_another_site_is_refused(visitor: Client) -> None:
    page = get(visitor, "/accounts/login/", address=PROXY, **OVER_TLS)
    values = {"login": "a@b.org", "password": "x", "csrfmiddlewaretoken": str(page.context["csrf_token"])}
    headers = {"Host": HOST, "Origin": "https://evil.example", **OVER_TLS}
    assert visitor.post("/accounts/login/", values, REMOTE_ADDR=PROXY, headers=headers).status_code == 403


@pytest.mark.parametrize("host", ["evil.example", f"{HOST}.evil.example", f"{HOST}@evil.example", "127.0.0.1", ""])
def test_other_host_names_are_refused(visitor: Client, host: str) -> None:
    assert get(visitor, "/accounts/login/", address=PROXY, **OVER_TLS, Host=host).status_code == 400


def test_forwarded_host_is_never_read(visitor: Client) -> None:
    headers = {**OVER_TLS, "X-Forwarded-Host": "evil.example"}
    assert "evil.example" not in get(visitor, "/accounts/login/", address=PROXY, **headers).content.decode()
