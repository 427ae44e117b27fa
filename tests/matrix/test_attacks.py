"""Attempts to get in where one doesn't belong, over every address of the portal.

To write the numbers of attempts into docs/security.md: REGENERATE=1 make test ARGS="tests/matrix/test_attacks.py -n 0"
"""

import gzip
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.http import SimpleCookie
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import PASSWORD
from tests.factories.world import Portfolio, World
from tests.matrix.addresses import ARGUMENTS, address_of
from tests.matrix.attacks import (
    BAD_VALUES,
    ELSEWHERE,
    FOREIGN_FIELDS,
    HOSTS,
    LIMITS,
    ODD_NUMBERS,
    ODD_WORDS,
    PAGES,
    PARAMETERS,
    at,
    held,
    is_stored,
    leaves,
    objects,
    place,
    raw,
    replaced,
)
from tests.matrix.bodies import Sent, send, sent
from tests.matrix.permissions import rows
from tests.matrix.test_permissions import text_of, token_of, undone
from tests.portal.api.callers import digest_header, fresh_client

TABLE = rows()
READS = [row for row in TABLE if row.startswith("GET ")]
FORMS = [row for row in TABLE if not row.startswith("GET ") and " api_" not in row and row != "POST csp_report"]
CALLS = [row for row in TABLE if not row.startswith("GET ") and " api_" in row]
PRIVATE = [row for row in READS if TABLE[row]["anonymous"] in {"login", "401"}]
FOREIGN_SITE = {"HTTP_ORIGIN": "https://evil.example"}
MARK = "Wombat"
OF_NO_TEAM = {"policy", "problem_type", "password_link", "guide", "guide_file"}
"""For everybody, or for who holds the link."""
DOCUMENTS = {"POST api_lineage"}
"""Whose body another specification describes: kept whole, so that fields beside its own are no error, and names in it
that lead nowhere are noted in the answer (tests/registry/services/test_openlineage.py)."""
PASSING = re.compile(r"\b[A-Za-z0-9]{64}\b|\d\d:\d\d:\d\d UTC|urn:countersign:request:[\w-]+")
"""What differs between two answers to the same call: CSRF tokens, the time, and the request's id."""

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def secret(world: World) -> str:
    """A token of who holds every role of my team."""
    return token_of(world)


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
    program, person, got = fresh_client(token=secret), browser(world), {}
    for row in PRIVATE:
        method, address = where(row, world.mine)
        client = program if " api_" in row else person
        usual, plain = outcome(client, method, address)
        for parameter in PARAMETERS if " api_" in row else PARAMETERS[:4]:
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


@pytest.mark.parametrize("row", [row for row in CALLS if row.split()[1] != "api_artifact"])
def test_bodies_that_are_malformed(world: World, secret: str, row: str) -> None:
    program = fresh_client(token=secret)
    method, address = where(row, world.mine)
    body = dict(given(row, world.mine).values or {})
    for path in leaves(body):
        if not path:
            continue
        for value in BAD_VALUES:
            with undone():
                text = raw(replaced(body, path, value))
                response = program.generic(method, address, text, content_type="application/json")
            label = f"{row} {path} {str(value)[:20]!r}"
            TALLY[label] = "no defect" if response.status_code < 500 else str(response.status_code)
            if isinstance(value, str) and "\0" in value and response.status_code < 400:
                TALLY[label] = "a NUL was taken"


TALLY: dict[str, str] = {}


def test_no_malformed_body_was_a_defect() -> None:
    if len({label.split()[1] for label in TALLY}) < 5:  # a single row was asked for
        pytest.skip("counts what the tests before it tried")
    held("malformed bodies", TALLY, {"no defect"})


def test_words_and_numbers_of_odd_shape_in_paths_and_queries(world: World, secret: str) -> None:
    program, person, got = fresh_client(token=secret), browser(world), {}
    for row in TABLE:
        method, name = row.split()
        if name == "readyz":  # says 503 where no sequencer runs
            continue
        client = program if " api_" in row else person
        arguments = dict((ARGUMENTS.get(row) or ARGUMENTS.get(name) or (lambda _: {}))(world.mine))
        path = address_of(method, name, world.mine)
        for key, value in arguments.items():
            for odd in ODD_WORDS if isinstance(value, str) else ODD_NUMBERS:
                address = odd.join(path.rsplit(str(value), 1))
                got[f"{row} {key} {odd}"] = status(client, method, address, sent(method, name, world.mine))
        if method == "GET":
            queries = [("limit", value) for value in LIMITS] if " api_" in row else [("page", value) for value in PAGES]
            names = ("cursor",) if " api_" in row else ("sort", "q", "state", "before", "topic", "since")
            queries += [(parameter, value) for parameter in names for value in ("%00", "%ED%A0%80")]
            for parameter, value in queries:
                got[f"{row}?{parameter}={value}"] = status(client, method, f"{path}?{parameter}={value}")
    tame = {label: "no defect" if found[0] in "234" else found for label, found in got.items()}
    held("odd paths, queries and page sizes", tame, {"no defect"})


def test_no_page_of_the_api_is_longer_than_the_limit(world: World, secret: str) -> None:
    program = fresh_client(token=secret)
    for row in [row for row in READS if " api_" in row]:
        response: Any = program.get(where(row, world.mine)[1], {"limit": 1_000_000})
        assert text_of(response).count('"created_at"') <= 200


def test_bodies_that_unpack_or_carry_files(world: World, secret: str) -> None:
    program, person, got = fresh_client(token=secret), browser(world, enforce_csrf=True), {}
    person.cookies["csrftoken"] = "a" * 32
    bomb = gzip.compress(b" " * 1_000_000)
    for row in CALLS:
        method, address = where(row, world.mine)
        for headers in ({"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}, {"Content-Encoding": "gzip, gzip"}):
            response = program.generic(method, address, bomb, content_type="application/json", headers=headers)
            got[f"{row} {headers}"] = str(response.status_code)
        if given(row, world.mine).values:
            for charset in ("zlib", "bz2", "utf-16", "utf-7"):
                with undone():
                    kind = f"application/json; charset={charset}"
                    response = program.generic(method, address, bomb, content_type=kind)
                got[f"{row} {charset}"] = str(response.status_code)
    for row in FORMS:
        method, address = where(row, world.mine)
        boundary = (
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"a" * 99_999 + b"\r\n--x--\r\n"
        )
        response = person.generic(method, address, boundary, content_type="multipart/form-data; boundary=x")
        got[f"{row} file"] = str(response.status_code)
    held("bodies that unpack, and files in forms", got, {"415", "400"})


def test_uploads_beyond_the_limit(world: World, secret: str, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 10
    program, got = fresh_client(token=secret), {}
    for row in CALLS:
        what = given(row, world.mine)
        if what.data is None:
            continue
        for length in (len(what.data), 11, 10**12, 10**30):
            method, address = where(row, world.mine)
            headers = {"Content-Digest": digest_header(what.data)}
            with undone():
                response: Any = program.generic(
                    method, address + what.query, what.data, content_type="text/csv", headers=headers,
                    CONTENT_LENGTH=str(length),
                )  # fmt: skip
            assert "the limit of this installation is 10 bytes" in response.json()["detail"]
            got[f"{row} {length}"] = str(response.status_code)
    assert list((settings.BLOB_ROOT / "incoming").glob("*")) == []
    held("uploads beyond the limit", got, {"413"})


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
