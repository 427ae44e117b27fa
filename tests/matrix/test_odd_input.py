"""Bodies, paths and queries of odd shape or size, at every address of the portal: an answer in words, never a defect.

To write the numbers of attempts into docs/security.md:
REGENERATE=1 make test ARGS="tests/matrix/test_odd_input.py -n 0"
"""

import gzip
from collections.abc import Mapping
from typing import Any

import pytest

from tests.factories.world import World
from tests.matrix.addresses import ARGUMENTS, address_of
from tests.matrix.attacks import (
    BAD_VALUES,
    EVERY,
    LIMITS,
    ODD_NUMBERS,
    ODD_WORDS,
    PAGES,
    UNSPEAKABLE,
    held,
    leads_somewhere,
    leaves,
    parameters_asked_for,
    raw,
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
    status,
    text_of,
    undone,
    where,
)
from tests.matrix.bodies import sent
from tests.portal.api.callers import digest_header, fresh_client

pytestmark = pytest.mark.django_db

TALLY: dict[str, str] = {}
"""What came of each malformed body."""


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


def test_no_malformed_body_was_a_defect() -> None:
    if len({label.split()[1] for label in TALLY}) < 5:  # a single row was asked for
        pytest.skip("counts what the tests before it tried")
    held("malformed bodies", TALLY, {"no defect"})


def test_words_and_numbers_of_odd_shape_in_paths(world: World, secret: str) -> None:
    program, person, got = fresh_client(token=secret), browser(world), {}
    tried_nowhere = set()
    for row in TABLE:
        method, name = row.split()
        arguments = dict((ARGUMENTS.get(row) or ARGUMENTS.get(name) or (lambda _: {}))(world.mine))
        path = address_of(method, name, world.mine)
        for key, value in arguments.items():
            for odd in ODD_WORDS if isinstance(value, str) else ODD_NUMBERS:
                address = odd.join(path.rsplit(str(value), 1))
                if not leads_somewhere(address):
                    # No view is asked, so that all such addresses have one answer.
                    if odd in tried_nowhere:
                        continue
                    tried_nowhere.add(odd)
                client = program if " api_" in row else person
                got[f"{row} {key} {odd}"] = status(client, method, address, sent(method, name, world.mine))
    held("odd words and numbers in paths", tame(got), {"no defect"})


def test_words_and_numbers_of_odd_shape_in_queries(world: World, secret: str) -> None:
    program, person, got = fresh_client(token=secret), browser(world), {}
    for row in [row for row in READS if row != "GET readyz"]:  # which says 503 where no sequencer runs
        method, name = row.split()
        path = address_of(method, name, world.mine)
        if " api_" in row:
            _, known = named_and_refused(program, path, ["limit=1", "cursor="])
            queries = [("limit", value) for value in LIMITS if "limit=1" in known]
            queries += [("cursor", value) for value in UNSPEAKABLE if "cursor=" in known]
        else:
            with parameters_asked_for() as asked:
                status(person, method, path)
            queries = [("page", value) for value in PAGES]
            words = ("sort", "q", "state", "before", "topic", "since")
            queries += [(name, value) for name in words for value in UNSPEAKABLE]
            queries = [(name, value) for name, value in queries if name in asked or EVERY in asked]
            # What is not read is refused at the door, if it can't be a word.
            queries.append(("unread", "%00"))
        for name, value in queries:
            client = program if " api_" in row else person
            got[f"{row}?{name}={value}"] = status(client, method, f"{path}?{name}={value}")
    held("odd queries and page sizes", tame(got), {"no defect"})


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


def tame(got: Mapping[str, str]) -> dict[str, str]:
    return {label: "no defect" if found[0] in "234" else found for label, found in got.items()}
