"""Programs that call the API in tests, and what they expect to hear."""

import base64
import hashlib
import json
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.client import ClientHandler

from portal.accounts.models import Team, User
from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM
from tests.factories.accounts import person_with

V1 = "/api/v1"


def digest_header(data: bytes) -> str:
    """Return the Content-Digest of RFC 9530."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


@cache
def _handler(*, enforce_csrf: bool) -> ClientHandler:
    handler = ClientHandler(enforce_csrf_checks=enforce_csrf)
    handler.load_middleware()  # looks through all static files: once is enough
    return handler


def fresh_client(*, token: str = "", enforce_csrf: bool = False) -> Client:
    """Return a client without a session, to which a defect is a 500."""
    headers = {"Authorization": f"Bearer {token}"} if token else None
    client = Client(headers=headers, raise_request_exception=False)
    client.handler = _handler(enforce_csrf=enforce_csrf)
    return client


class Caller:
    """A program with a token of a user's."""

    def __init__(self, user: User, *, scopes: tuple[str, ...] = TOKEN_SCOPES) -> None:
        secret = create_token(actor=SYSTEM, user=user, name="ci", scopes=scopes, days=30).secret
        self.user = user
        self.client = fresh_client(token=secret)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(V1 + path, query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(V1 + path, json.dumps({} if body is None else body), content_type="application/json")

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(V1 + path, json.dumps(body), content_type="application/json")

    def upload(self, method: str, path: str, data: bytes, **headers: str) -> Any:
        """Send bytes with their digest; the keyword `content_digest` declares another one."""
        sent = {"Content-Digest": digest_header(data)} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        return self.client.generic(method, V1 + path, data, content_type="application/octet-stream", headers=sent)


def caller(*roles: str, team: Team | None, scopes: tuple[str, ...] = TOKEN_SCOPES) -> Caller:
    """Return a new person of these roles, calling by token."""
    return Caller(person_with(*roles, team=team), scopes=scopes)


def problem_of(response: HttpResponseBase, status: int, code: str) -> dict[str, Any]:
    """Return the problem document, once it has the shape that every one has."""
    content = getattr(response, "content", b"")
    body = json.loads(content)
    assert (response.status_code, body.get("code")) == (status, code), content
    assert response["Content-Type"] == "application/problem+json"
    assert (body["status"], body["type"]) == (status, f"{settings.PUBLIC_URL}/problems/{code}")
    assert body["detail"]
    return cast("dict[str, Any]", body)


def fields_of(response: HttpResponseBase, status: int, code: str) -> set[str]:
    """Return the names of the fields that a problem document blames."""
    return {error["field"] for error in problem_of(response, status, code)["errors"]}
