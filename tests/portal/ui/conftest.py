from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.template import engines
from django.test import RequestFactory
from pytest_django import Settings


@pytest.fixture(autouse=True)
def addresses(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.portal.ui.addresses"


@pytest.fixture
def rendered() -> Callable[..., str]:
    """Render template text with the library loaded."""

    def render(text: str, address: str = "/", **context: Any) -> str:
        request = RequestFactory().get(address)
        request.user = AnonymousUser()
        request._messages = CookieStorage(request)  # type: ignore[attr-defined]
        return engines["django"].from_string("{% load countersign %}" + text).render(context, request)

    return render
