"""One attempt against an address of the portal: which there are, what goes with each, and what came of it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.http import SimpleCookie
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.test import Client

from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM
from tests.factories.world import Portfolio, World
from tests.matrix.addresses import address_of
from tests.matrix.bodies import Sent, send, sent
from tests.matrix.permissions import rows
from tests.portal.api.callers import fresh_client

TABLE = rows()
READS = [row for row in TABLE if row.startswith("GET ")]
FORMS = [row for row in TABLE if not row.startswith("GET ") and " api_" not in row and row != "POST csp_report"]
CALLS = [row for row in TABLE if not row.startswith("GET ") and " api_" in row]
PASSING = re.compile(r"\b[A-Za-z0-9]{64}\b|\d\d:\d\d:\d\d UTC|urn:countersign:request:[\w-]+")
"""What differs between two answers to the same call: CSRF tokens, the time, and the request's id."""


@contextmanager
def undone() -> Iterator[None]:
    """Take back what happens inside; to the portal it looks like no transaction, as for the tests' own."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


def text_of(response: HttpResponseBase) -> str:
    if isinstance(response, StreamingHttpResponse):
        return response.getvalue().decode(errors="replace")
    return bytes(getattr(response, "content", b"")).decode(errors="replace")


def token_of(world: World, *scopes: str) -> str:
    """Return a token of who holds every role of my team; without scopes it carries all that a token can."""
    return create_token(actor=SYSTEM, user=world.mine.author, name="ci", scopes=scopes or TOKEN_SCOPES, days=1).secret


def browser(world: World, *, enforce_csrf: bool = False) -> Client:
    client = fresh_client(enforce_csrf=enforce_csrf)
    client.force_login(world.mine.author)
    return client


def outcome(client: Client, method: str, address: str, what: Sent | None = None) -> tuple[str, str]:
    """Make the call, take back what it did; return status and text."""
    cookies = SimpleCookie(client.cookies.output(header="", sep=";"))
    with undone():
        response = send(client, method, address, what or Sent())
        found = str(response.status_code), PASSING.sub("", text_of(response))
    client.cookies = cookies
    return found


def status(client: Client, method: str, address: str, what: Sent | None = None) -> str:
    return outcome(client, method, address, what)[0]


def where(row: str, team: Portfolio) -> tuple[str, str]:
    method, name = row.split()
    return method, address_of(method, name, team)


def given(row: str, team: Portfolio) -> Sent:
    method, name = row.split()
    return sent(method, name, team)


def named_and_refused(client: Client, address: str, parameters: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return which of the query's parameters the API refuses by name, all sent at once, and which it knows."""
    response: Any = client.get(f"{address}?{'&'.join(parameters)}")
    answer = response.json().get("errors") if response.status_code == 400 else ()
    named = {one["field"] for one in answer or () if "no such parameter" in str(one["messages"])}
    refused = [one for one in parameters if one.partition("=")[0] in named]
    return refused, [one for one in parameters if one not in refused]
