"""The API's description: valid, without warnings, and as committed in openapi.json.

To commit another one: REGENERATE=1 make test ARGS=tests/matrix/test_openapi.py
"""

import json
import os
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import RequestFactory
from django.urls import resolve
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework.request import Request

from portal.api.links import LINKS
from tests.matrix.addresses import url_names

COMMITTED = Path(__file__).parent / "openapi.json"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """Return the description as `manage.py spectacular` makes it; raises for what that warns of."""
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    # Through JSON, as a client reads it.
    return dict(json.loads(json.dumps(made)))


def test_schema_is_made_without_warnings(schema: dict[str, Any]) -> None:
    assert {**GENERATOR_STATS._warn_cache, **GENERATOR_STATS._error_cache} == {}


def test_schema_is_valid(schema: dict[str, Any]) -> None:
    validate_schema(schema)  # type: ignore[no-untyped-call]


def test_schema_is_the_committed_one(schema: dict[str, Any]) -> None:
    if os.environ.get("REGENERATE") == "1":
        COMMITTED.write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n")
    assert schema == json.loads(COMMITTED.read_text())


def test_every_address_of_the_api_is_described(schema: dict[str, Any]) -> None:
    assert len(schema["paths"]) == len([name for name in url_names() if name.startswith("api_")]) - len({"api_schema"})


def test_every_operation_takes_a_token_or_a_session(schema: dict[str, Any]) -> None:
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert {json.dumps(operation["security"]) for operation in operations} == {'[{"token": []}, {"session": []}]'}


def test_exactly_the_query_parameters_that_are_read_are_described(schema: dict[str, Any]) -> None:
    described, read = {}, {}
    for path, operations in schema["paths"].items():
        address = re.sub(r"{(number|id)}", "1", re.sub(r"{(slug|name|kind|stage)}", "a", path))
        address = address.replace("{run_id}", str(UUID(int=1))).replace("{position}", "1")
        view: Any = resolve(address).func
        for method, operation in operations.items():
            named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
            described[f"{method} {path}"] = named
            door = view.view_class()
            door.request = Request(RequestFactory().generic(method.upper(), address))
            read[f"{method} {path}"] = set(door.parameters_of(method.upper()))
    assert described == read


def test_every_post_takes_an_idempotency_key(schema: dict[str, Any]) -> None:
    posts = [path["post"] for path in schema["paths"].values() if "post" in path]
    assert all("Idempotency-Key" in {one["name"] for one in post["parameters"]} for post in posts)


def test_every_link_leads_to_an_operation_and_fills_its_path(schema: dict[str, Any]) -> None:
    operations = {one["operationId"]: one for path in schema["paths"].values() for one in path.values()}
    for link in LINKS:
        there = {one["name"] for one in operations[link.then]["parameters"] if one["in"] == "path"}
        assert set(link.parameters) <= there
        answers = [one for status, one in operations[link.after]["responses"].items() if status in {"201", "202"}]
        assert [link.then in one["links"] for one in answers] == [True], link


def test_no_operation_signs(schema: dict[str, Any]) -> None:
    assert [path for path in schema["paths"] if "sign" in path] == []
