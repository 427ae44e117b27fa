"""What is tried against every address: payloads, and the tally that docs/security.md prints."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import QueryDict
from django.urls import Resolver404, resolve
from django.utils.functional import cached_property

from portal.env import BASE_DIR

DOCUMENT = BASE_DIR / "docs" / "security.md"
ELSEWHERE = (
    "https://evil.example/", "//evil.example/", "///evil.example", "\\\\evil.example", "/\\evil.example",
    "https:evil.example", "http:///evil.example", "javascript:alert(1)", "data:text/html,x", "//evil.example%2f..",
    "/%09/evil.example", "https://localhost@evil.example", "\t//evil.example",
)  # fmt: skip
HOSTS = ("evil.example", "localhost.evil.example", "localhost@evil.example", "evil.example:80", "[::1", "a b")
FOREIGN_FIELDS: Mapping[str, Any] = {
    "id": 1, "pk": 1, "state": "active", "team_id": 1, "owner_id": 1, "created_by": 1, "digest": "0" * 64,
    "number": 99, "sealed_at": "2026-01-01T00:00:00Z", "is_staff": True, "grants": [{"capability": "sign"}],
    "__class__": "x",
}  # fmt: skip
PARAMETERS = (
    "team__name=x", "team__grants__user__email=x", "owner__password__startswith=argon", "owner__email=a@example.org",
    "ordering=owner__password", "order_by=pk", "sort=owner__password", "id__in=1,2", "pk=1", "search=x", "fields=*",
    "format=api", "include=owner", "expand=owner", "state__regex=.*", "versions__created_by__is_active=true",
)  # fmt: skip
LIMITS = ("0", "-1", "201", "1000000", "9" * 30, "x", "", "1e3", "1;2", "%00")
EVERY = "*"
NOBODY: set[str] = set()
PAGES = ("0", "-1", "99999", "9" * 30, "x", "1.5", "%00", "1%27")
UNSPEAKABLE = ("%00", "%ED%A0%80")
ODD_WORDS = ("%00", "a%00b", "..%2F..%2Fetc%2Fpasswd", "a'--", "%ED%A0%80", "%F0%9F%A6%98", "x" * 300, "{{7*7}}")
ODD_NUMBERS = ("0", "-1", "9" * 18, "9" * 30, "1.5", "1e3", "%00", "1%20OR%201=1")


def deep(levels: int) -> Any:
    """Return lists in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


BAD_VALUES: tuple[Any, ...] = (
    "a\0b", "\ud800", "x" * 30_000, "", None, True, -1, 2**70, 1e300, [], {}, [None], {"a": {"b": "c\0"}}, deep(60),
    "<script>alert(1)</script>\0",
)  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside a body that is no object itself."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every object inside a body, itself first."""
    if isinstance(value, Mapping):
        yield path
        for name, inner in value.items():
            yield from objects(inner, (*path, name))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """Return what stands there."""
    for step in path:
        value = value[step]
    return value


def replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """Return a copy of a body with another value there."""
    if not path:
        return other
    copy = dict(value) if isinstance(value, Mapping) else list(value)
    step, *rest = path
    copy[step] = replaced(copy[step], tuple(rest), other) if step in copy or isinstance(copy, list) else other
    return copy


def raw(value: Any) -> str:
    """Return JSON as a hostile client writes it: half surrogates and numbers of any size as they are."""
    return json.dumps(value)


def place(response: Any) -> str:
    """Return where an answer sends: "within" the portal, or an address elsewhere."""
    location = response.headers.get("Location", "/")
    parts = urlsplit(location)
    plain = location.startswith("/") and not location.startswith(("//", "/\\"))
    return "within" if plain and not parts.netloc and not parts.scheme else location


class WatchedQuery(QueryDict):
    """A query that notes which parameters are asked for; who goes on with the whole of it has asked for every one."""

    asked = NOBODY

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self.asked.add(EVERY)
        return super().__iter__()

    def getlist(self, key: str, default: Any = None) -> list[Any]:
        self.asked.add(key)
        return super().getlist(key, default)

    def copy(self) -> Any:
        return QueryDict(self.urlencode(), mutable=True)

    def urlencode(self, safe: str | None = None) -> str:
        self.asked.add(EVERY)
        return super().urlencode(safe)


@contextmanager
def parameters_asked_for() -> Iterator[set[str]]:
    """Yield the names of the query's parameters that are looked at meanwhile; EVERY where all are."""
    asked: set[str] = set()

    def query(request: WSGIRequest) -> Any:
        found: Any = WatchedQuery(request.META.get("QUERY_STRING", ""))
        found.asked = asked
        return found

    watched = cached_property(query)
    watched.__set_name__(WSGIRequest, "GET")
    with patch.object(WSGIRequest, "GET", watched):
        yield asked


def leads_somewhere(address: str) -> bool:
    """Whether a view stands behind the address."""
    try:
        resolve(unquote(address, errors="surrogatepass"))
    except Resolver404:
        return False
    return True


def is_stored(text: str) -> bool:
    """Whether a text stands in any row of ours."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if not name.startswith("django_")]
        union = " UNION ALL ".join(f"SELECT 1 FROM {name} AS t WHERE t::text LIKE %s" for name in tables)  # noqa: S608
        cursor.execute(f"SELECT EXISTS ({union})", [f"%{text}%"] * len(tables))
        return bool(cursor.fetchone()[0])


def held(kind: str, got: Mapping[str, str], allowed: set[str]) -> None:
    """Require every attempt to have one of these outcomes, and the documents to claim no more attempts than these.

    REGENERATE=1 writes the figures into the document.
    """
    broken = {attempt: outcome for attempt, outcome in got.items() if outcome not in allowed}
    assert not broken, f"{len(broken)} of {len(got)}: {dict(list(broken.items())[:10])}"
    text = DOCUMENT.read_text()
    line = re.search(rf"^\| {re.escape(kind)} \| (\d+) \|", text, re.MULTILINE)
    assert line, f"docs/security.md has no line for {kind}"
    if os.environ.get("REGENERATE") == "1":
        DOCUMENT.write_text(text[: line.start(1)] + str(len(got)) + text[line.end(1) :])
    else:
        assert len(got) >= int(line[1])
