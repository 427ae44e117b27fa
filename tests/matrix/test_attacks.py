"""Attempts to get in where one doesn't belong, over every address of the portal.

To write the numbers of attempts into docs/security.md: REGENERATE=1 make test ARGS="tests/matrix/test_attacks.py -n 0"
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import PASSWORD
from tests.factories.world import World
from tests.matrix.addresses import ARGUMENTS, address_of
from tests.matrix.attacks import (
    ELSEWHERE,
    EVERY,
    FOREIGN_FIELDS,
    HOSTS,
    PARAMETERS,
    at,
    held,
    is_stored,
    leaves,
    objects,
    parameters_asked_for,
    place,
    replaced,
)
from tests.matrix.attempts import (
    CALLS,
    FORMS,
    READS,
    TABLE,
    browser,
    given,
    named_and_refused,
    outcome,
    status,
    undone,
    where,
)
from tests.matrix.bodies import Sent, send, sent
from tests.portal.api.callers import fresh_client

PRIVATE = [row for row in READS if TABLE[row]["anonymous"] in {"login", "401"}]
FOREIGN_SITE = {"HTTP_ORIGIN": "https://evil.example"}
MARK = "Wombat"
OF_NO_TEAM = {"policy", "problem_type", "password_link", "guide", "guide_file"}
"""For everybody, or for who holds the link."""
DOCUMENTS = {"POST api_lineage"}
"""Whose body another specification describes: kept whole, so that fields beside its own are no error, and names in it
that lead nowhere are noted in the answer (tests/registry/services/test_openlineage.py)."""

pytestmark = pytest.mark.django_db


def test_forged_requests(world: World) -> None:
    got = {}
    for row in (*FORMS, *CALLS):
        method, address = where(row, world.mine)
        what = given(row, world.mine)
        client = browser(world, enforce_csrf=True)
        if row == "POST account_login":
            client.logout()
        for variant, headers in {
            "no token": {},
            "another's token": {"HTTP_X_CSRFTOKEN": "b" * 32},
            "from elsewhere": {"HTTP_X_CSRFTOKEN": "a" * 32, **FOREIGN_SITE},
            "from nowhere": {"HTTP_X_CSRFTOKEN": "a" * 32, "HTTP_ORIGIN": "null"},
        }.items():
            client.cookies["csrftoken"] = "a" * 32
            client.defaults = headers
            got[f"{row}: {variant}"] = status(client, method, address, what)
    # One upload is refused for its media type before anybody looks for a token.
    held("forged requests", got, {"403", "415"})


def test_sessions_that_were_planted_kept_or_ended(world: World) -> None:
    client = fresh_client()
    planted = client.session
    planted["planted"] = 1
    planted.save()
    before = planted.session_key
    got = {}
    with undone():
        client.cookies[settings.SESSION_COOKIE_NAME] = str(before)
        client.post(reverse("account_login"), {"login": world.mine.author.email, "password": PASSWORD})
        inside = client.cookies[settings.SESSION_COOKIE_NAME].value
        assert status(client, "GET", "/") == "200"
        attacker = fresh_client()
        attacker.cookies[settings.SESSION_COOKIE_NAME] = str(before)
        for row in PRIVATE:
            got[f"{row}: planted"] = status(attacker, *where(row, world.mine))
        client.post(reverse("account_logout"))
        attacker.cookies[settings.SESSION_COOKIE_NAME] = inside
        for row in PRIVATE:
            got[f"{row}: after signing out"] = status(attacker, *where(row, world.mine))
    assert before != inside
    held("sessions planted, and used after signing out", got, {"302", "401", "403"})


def test_sending_people_elsewhere(world: World) -> None:
    got = {}
    signing_in = {"login": world.mine.author.email, "password": PASSWORD}
    for target in ELSEWHERE:
        doors: dict[str, tuple[Client, str, dict[str, str]]] = {
            "login": (fresh_client(), reverse("account_login"), signing_in),
            "logout": (browser(world), reverse("account_logout"), {}),
            "reauthenticate": (browser(world), reverse("account_reauthenticate"), {"password": PASSWORD}),
        }
        for name, (client, address, values) in doors.items():
            with undone():
                response: Any = client.post(address, {**values, "next": target})
                got[f"{name} {target!r}"] = place(response)
        with undone():
            response = browser(world).get(reverse("account_login"), {"next": target})
            got[f"login when signed in {target!r}"] = place(response)
    for row in READS:
        method, address = where(row, world.mine)
        for client in (fresh_client(), browser(world)):
            response = send(client, method, address, Sent(query="?next=//evil.example/&url=https://evil.example/"))
            got[f"{row} {client.session.session_key}"] = place(response)
    held("open redirects", got, {"within"})


def test_host_names_that_are_not_ours(world: World, secret: str) -> None:
    got = {}
    clients = {"page": browser(world), "api": fresh_client(token=secret)}
    for row in READS:
        method, address = where(row, world.mine)
        client = clients["api" if " api_" in row else "page"]
        kept = dict(client.defaults)
        for host in HOSTS:
            client.defaults = {**kept, "HTTP_HOST": host}
            got[f"{row} {host}"] = status(client, method, address)
        client.defaults = {**kept, "HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_FORWARDED": "host=evil.example"}
        found, text = outcome(client, method, address)
        got[f"{row} forwarded"] = "400" if "evil.example" not in text else f"{found} with the foreign name"
        client.defaults = kept
    held("foreign host names", got, {"400"})


def test_fields_that_are_not_the_callers_to_set(world: World, secret: str) -> None:
    program, got = fresh_client(token=secret), {}
    for row in CALLS:
        method, address = where(row, world.mine)
        what = given(row, world.mine)
        if what.data is not None or row in DOCUMENTS:
            continue
        body = dict(what.values or {})
        plain = "" if body else status(program, method, address, Sent({}))
        for path in objects(body):
            for name, value in FOREIGN_FIELDS.items():
                # Of a JWKS, which RFC 7517 describes, only known members of its keys are kept.
                if name in at(body, path) or path[:1] == ("jwks",):
                    continue
                more = replaced(body, path, {**at(body, path), name: value})
                found = status(program, method, address, Sent(more))
                # A verb without a body reads none.
                got[f"{row} {path} {name}"] = "ignored" if found == plain else found
    for row in FORMS:
        method, address = where(row, world.mine)
        body = dict(given(row, world.mine).values or {})
        with undone():
            send(browser(world), method, address, Sent({**dict.fromkeys(FOREIGN_FIELDS, MARK), **body}))
            got[row] = "stored" if is_stored(MARK) else "ignored"
    held("fields that are not the caller's to set", got, {"400", "422", "ignored"})


def test_parameters_that_reach_through_relations(world: World, secret: str) -> None:
    program, person = fresh_client(token=secret), browser(world)
    got: dict[str, str] = {}
    for row in PRIVATE:
        method, address = where(row, world.mine)
        client = program if " api_" in row else person
        with parameters_asked_for() as asked:
            usual, plain = outcome(client, method, address)
        if " api_" in row:
            refused, known = named_and_refused(client, address, PARAMETERS)
            got |= {f"{row} {parameter}": "400" for parameter in refused}
        else:
            known = [one for one in PARAMETERS[:4] if EVERY in asked or one.partition("=")[0] in asked]
        for parameter in known:
            found, text = outcome(client, method, f"{address}?{parameter}")
            same = found == usual and abs(len(text) - len(plain)) < 400 and world.theirs.mark not in text
            got[f"{row} {parameter}"] = "ignored" if same else found
    held("filters and ordering through relations", got, {"400", "404", "ignored"})


def test_things_of_another_team_look_as_if_absent(world: World, secret: str) -> None:
    program, person, got = fresh_client(token=secret), browser(world), {}
    for row in TABLE:
        method, name = row.split()
        arguments = ARGUMENTS.get(row) or ARGUMENTS.get(name)
        if arguments is None or name in OF_NO_TEAM or name.startswith("admin_"):
            continue
        client = program if " api_" in row else person
        what = sent(method, name, world.mine)
        found = outcome(client, method, address_of(method, name, world.theirs), what)
        for key, value in arguments(world.theirs).items():
            if key in {"name", "kind"}:
                continue
            nothing = (
                UUID(int=9) if isinstance(value, UUID) else "absent-thing" if isinstance(value, str) else 9_999_999
            )
            other = {**arguments(world.theirs), key: nothing}
            absent = outcome(client, method, reverse(name, kwargs=other), what)
            same = found == absent and found[0] == "404"
            got[f"{row} {key}"] = "as if absent" if same else f"{found[0]}, absent {absent[0]}"
        if method != "GET" and (what.values or {}) and row not in DOCUMENTS:
            got |= named_in_the_body(world, client, row)
    held("things of another team, in paths and bodies", got, {"as if absent"})


def named_in_the_body(world: World, client: Client, row: str) -> Mapping[str, str]:
    """Return what comes of each name of theirs put into a body of mine, beside one of nothing."""
    method, address = where(row, world.mine)
    mine, theirs = (dict(given(row, team).values or {}) for team in (world.mine, world.theirs))
    got = {}
    for path in leaves(mine):
        foreign = at(theirs, path)
        if at(mine, path) == foreign or path[-1] == "commit_authors":
            continue
        absent: Any = 9_999_999
        if isinstance(foreign, str):
            absent = "absent@example.org" if "@" in foreign else "absent-thing"
        first, second = (outcome(client, method, address, Sent(replaced(mine, path, one))) for one in (foreign, absent))
        same = (first[0], first[1].replace(str(foreign), "?")) == (second[0], second[1].replace(str(absent), "?"))
        refused = first[0] in {"400", "404", "409", "422"}
        got[f"{row} {path}"] = "as if absent" if same and refused else f"{first[0]}, absent {second[0]}"
    return got


def test_answers_that_caches_could_keep(world: World, secret: str) -> None:
    program, person, got = fresh_client(token=secret), browser(world), {}
    for row in PRIVATE:
        method, address = where(row, world.mine)
        for client in (program if " api_" in row else person, fresh_client()):
            with undone():
                response = send(client, method, address, Sent())
                got[f"{row} {response.status_code}"] = response.headers.get("Cache-Control", "missing")
    held("answers that caches could keep", got, {"private, no-store", "no-store"})


def test_strangers_ask_for_everything(world: World) -> None:
    got = {}
    for row in TABLE:
        if TABLE[row]["anonymous"] not in {"login", "401"}:
            continue
        for header in ("", "Bearer ", "Bearer cs_x_y", "Basic YTpi", f"Token {'0' * 64}", "Bearer " + "x" * 5_000):
            client = fresh_client()
            client.defaults = {"HTTP_AUTHORIZATION": header} if header else {}
            response = send(client, *where(row, world.mine), given(row, world.mine))
            inside = response.status_code == 302 and not response["Location"].startswith("/accounts/login/?next=")
            got[f"{row} {header[:20]}"] = "let in" if inside else str(response.status_code)
    held("strangers, with and without false tokens", got, {"302", "401", "429"})
