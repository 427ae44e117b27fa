"""No form carries a file."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.portal.api.callers import fresh_client

pytestmark = pytest.mark.django_db


def test_a_form_with_a_file_is_refused_before_anybody_signed_in() -> None:
    client = fresh_client(enforce_csrf=True)
    client.cookies["csrftoken"] = "a" * 32
    values = {"csrfmiddlewaretoken": "a" * 32, "login": "a@example.org", "password": "x"}
    assert client.post("/accounts/login/", values | {"f": SimpleUploadedFile("f", b"x" * 9_999)}).status_code == 400
    assert client.post("/accounts/login/", values).status_code == 200
