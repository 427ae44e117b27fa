"""Whose word about addresses and schemes counts."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from portal.core.proxies import SAID_BY_PROXIES, TrustedProxies, client_of

OURS = [ip_network("10.0.0.0/8"), ip_network("::1")]


@pytest.mark.parametrize(
    ("address", "header", "client"),
    [
        ("10.0.0.1", "192.0.2.9", "192.0.2.9"),
        ("10.0.0.1", "198.51.100.1, 192.0.2.9", "192.0.2.9"),
        ("10.0.0.1", "192.0.2.9, 10.2.2.2", "192.0.2.9"),
        ("10.0.0.1", "127.0.0.1, 192.0.2.9,10.2.2.2", "192.0.2.9"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.9, ' OR 1=1", "10.0.0.1"),
        ("192.0.2.1", "127.0.0.1", "192.0.2.1"),
        ("", "127.0.0.1", ""),
    ],
)
def test_the_client_is_the_last_who_is_no_proxy_of_ours(address: str, header: str, client: str) -> None:
    assert client_of(address, header, OURS) == client


def passed_on(settings: Settings, address: str) -> HttpRequest:
    settings.TRUSTED_PROXIES = OURS
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    said: Any = dict.fromkeys(SAID_BY_PROXIES, "https") | {"HTTP_X_FORWARDED_FOR": "192.0.2.9"}
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    TrustedProxies(view)(RequestFactory().get("/", REMOTE_ADDR=address, **said))
    return seen[0]


def test_a_stranger_can_not_play_a_proxy(settings: Settings) -> None:
    request = passed_on(settings, "192.0.2.66")
    assert request.META["REMOTE_ADDR"] == "192.0.2.66"
    assert not request.is_secure()
    assert not set(SAID_BY_PROXIES) & set(request.META)


def test_a_proxy_of_ours_is_believed(settings: Settings) -> None:
    request = passed_on(settings, "10.1.1.1")
    assert request.META["REMOTE_ADDR"] == "192.0.2.9"
    assert request.is_secure()
