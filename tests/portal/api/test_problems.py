"""Whatever goes wrong below /api/ is told as a problem document."""

import gzip
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from portal.accounts.models import Team
from portal.api.v1.models import ModelList
from tests.portal.api.callers import V1, Caller, fields_of, problem_of

EVERY_METHOD = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


def send(caller: Caller, raw: bytes | str, content_type: str = "application/json") -> Any:
    return caller.client.generic("POST", f"{V1}/models", raw, content_type=content_type)


@pytest.mark.parametrize(
    "raw", ["{", "", "nonsense", '{"slug": NaN}', '{"a": "\\x"}', b"\xff\xfe{", '{"tier": ' + "9" * 5000 + "}"]
)
def test_malformed_json_is_a_400(developer: Caller, raw: bytes | str) -> None:
    response = send(developer, raw)
    assert problem_of(response, 400, "parse_error" if raw else "invalid")


@pytest.mark.parametrize("raw", ["[" * 200_000, '{"a":' * 200_000])
def test_json_nested_beyond_reading_is_a_400(developer: Caller, raw: str) -> None:
    assert problem_of(send(developer, raw), 400, "parse_error")


@pytest.mark.parametrize("raw", ["[]", '"text"', "17", "null", "true", "[{}]"])
def test_json_that_is_no_object_is_a_400(developer: Caller, raw: str) -> None:
    assert problem_of(send(developer, raw), 400, "invalid")


@pytest.mark.parametrize("charset", ["rot13", "zlib", "bz2", "utf-16", "utf-7"])
def test_charset_other_than_utf8_is_a_415(developer: Caller, charset: str) -> None:
    """Python has charsets that unpack archives: two megabytes would become gigabytes."""
    answer = send(developer, "{}", f"application/json; charset={charset}")
    assert problem_of(answer, 415, "unsupported_encoding")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_compressed_body_is_a_415(developer: Caller, encoding: str) -> None:
    packed = gzip.compress(b"{}")
    answer = developer.client.generic(
        "POST", f"{V1}/models", packed, content_type="application/json", headers={"Content-Encoding": encoding}
    )
    assert "without Content-Encoding" in problem_of(answer, 415, "unsupported_encoding")["detail"]


def test_huge_json_is_a_413_that_names_the_limit(developer: Caller) -> None:
    raw = b'{"name": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'
    assert str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE) in problem_of(send(developer, raw), 413, "too_large")["detail"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
def test_other_media_types_are_a_415(developer: Caller, kind: str) -> None:
    assert problem_of(send(developer, "slug=x", kind), 415, "unsupported_media_type")


def test_missing_and_unknown_fields_are_named(developer: Caller) -> None:
    assert {"slug", "name", "team"} <= fields_of(developer.post("/models", {}), 400, "invalid")
    assert fields_of(developer.post("/models", {"slugg": "x", "colour": 1}), 400, "invalid") == {"slugg", "colour"}


def test_fields_of_nested_objects_are_named_by_their_path(developer: Caller, team: Team) -> None:
    from tests.factories.registry import RegisteredModelFactory

    RegisteredModelFactory.create(slug="limits", team=team)
    body = {
        "training_run": {
            "commit": "",
            "commit_authors": ["a@example.org", "nobody"],
            "training_snapshot": {"number": 0},
        },
        "claims": [{"metric": "auc", "value": 1}, {"metric": "auc", "value": "high", "N": 3}],
    }
    assert fields_of(developer.post("/models/limits/versions", body), 400, "invalid") == {
        "training_run.commit", "training_run.commit_authors.1", "training_run.environment_lock_sha256",
        "training_run.repository", "training_run.training_snapshot.dataset", "training_run.training_snapshot.number",
        "claims.1.N", "claims.1.value",
    }  # fmt: skip


def test_unknown_address_is_a_404_for_everybody(client: Client, developer: Caller) -> None:
    assert problem_of(client.get("/api/v1/nothing"), 404, "not_found")
    assert problem_of(developer.get("/nothing"), 404, "not_found")


@pytest.mark.parametrize("method", [method for method in EVERY_METHOD if method not in {"get", "head", "post"}])
def test_method_that_is_not_answered_is_a_405(developer: Caller, method: str) -> None:
    response = developer.client.generic(method.upper(), f"{V1}/models")
    assert problem_of(response, 405, "method_not_allowed")
    assert set(response["Allow"].split(", ")) >= {"GET", "POST"}


def test_what_the_client_would_rather_accept_is_not_asked(developer: Caller) -> None:
    response = developer.client.get(f"{V1}/models", headers={"Accept": "text/html"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_defect_is_a_500_that_tells_nothing_of_itself(developer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: ModelList) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(ModelList, "get_queryset", broken)
    response = developer.get("/models")
    assert problem_of(response, 500, "error")
    assert b"Wombat" not in response.content
