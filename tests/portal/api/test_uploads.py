"""Uploads: streamed, verified, and refused before a byte is read where that is known."""

import base64
import hashlib
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from portal.accounts.models import Team
from portal.blobs.models import Blob
from portal.blobs.store import open_blob
from registry.models import Artifact, ModelVersion
from tests.factories.registry import VersionFactory
from tests.portal.api.callers import V1, Caller, digest_header, fields_of, problem_of

DATA = b"model bytes " * 100_000


@pytest.fixture
def version(team: Team) -> ModelVersion:
    found: ModelVersion = VersionFactory.create(model__slug="limits", model__team=team)
    return found


def path_to(name: str = "model.onnx", role: str = "model") -> str:
    return f"/models/limits/versions/1/artifacts/{name}?role={role}"


def incoming() -> list[Path]:
    return list((Path(settings.BLOB_ROOT) / "incoming").glob("*"))


def test_bytes_arrive_as_they_were_sent(developer: Caller, version: ModelVersion) -> None:
    response = developer.upload("PUT", path_to(), DATA)
    assert response.status_code == 201
    sha256 = hashlib.sha256(DATA).hexdigest()
    assert (response.json()["sha256"], response.json()["size"]) == (sha256, len(DATA))
    with open_blob(sha256) as stored:
        assert stored.read() == DATA


def test_client_need_not_name_a_content_type(developer: Caller, version: ModelVersion) -> None:
    """As `curl -T` and httpx send it."""
    response = developer.client.generic(
        "PUT", V1 + path_to(), DATA, content_type="", headers={"Content-Digest": digest_header(DATA)}
    )
    assert response.status_code == 201


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/csv", "nonsense"]
)
def test_content_type_changes_nothing(developer: Caller, version: ModelVersion, kind: str) -> None:
    headers = {"Content-Digest": digest_header(DATA)}
    response = developer.client.generic("PUT", V1 + path_to(), DATA, content_type=kind, headers=headers)
    assert response.json()["sha256"] == hashlib.sha256(DATA).hexdigest()


def test_other_bytes_than_declared_are_refused_and_leave_nothing(developer: Caller, version: ModelVersion) -> None:
    response = developer.upload("PUT", path_to(), DATA, content_digest=digest_header(b"other"))
    detail = problem_of(response, 422, "digest_mismatch")["detail"]
    assert hashlib.sha256(DATA).hexdigest() in detail
    assert hashlib.sha256(b"other").hexdigest() in detail
    assert not Artifact.objects.exists()
    assert not Blob.objects.filter(sha256=hashlib.sha256(DATA).hexdigest()).exists()
    assert incoming() == []


SHORT = base64.b64encode(b"short").decode()
SHA512 = base64.b64encode(hashlib.sha512(DATA).digest()).decode()


@pytest.mark.parametrize(
    "declared",
    [
        "",
        "sha-256",
        "sha-256=::",
        f"sha-256=:{SHORT}:",
        "sha-256=:!!!:",
        f"sha-512=:{SHA512}:",
        hashlib.sha256(DATA).hexdigest(),
    ],
)
def test_digest_that_is_missing_or_unusable_is_asked_for(
    developer: Caller, version: ModelVersion, declared: str
) -> None:
    response = developer.upload("PUT", path_to(), DATA, content_digest=declared)
    assert fields_of(response, 422, "digest_required") == {"Content-Digest"}


def test_sha256_is_found_among_other_digests(developer: Caller, version: ModelVersion) -> None:
    declared = f"sha-512=:{SHA512}:, {digest_header(DATA)}"
    assert developer.upload("PUT", path_to(), DATA, content_digest=declared).status_code == 201


@pytest.mark.parametrize("length", ["", "many"])
def test_body_of_undeclared_length_is_a_411(developer: Caller, version: ModelVersion, length: str) -> None:
    """A chunked body would be read as an empty one."""
    response = send_empty(developer, length)
    assert problem_of(response, 411, "length_required")


def test_empty_file_is_a_file_of_no_bytes(developer: Caller, version: ModelVersion) -> None:
    assert send_empty(developer, "0").json()["size"] == 0


def send_empty(caller: Caller, length: str) -> Any:
    headers = {"Content-Digest": digest_header(b"")}
    return caller.client.generic("PUT", V1 + path_to(), b"", headers=headers, CONTENT_LENGTH=length)


def test_who_may_not_add_is_refused_before_the_bytes(viewer: Caller, stranger: Caller, version: ModelVersion) -> None:
    assert problem_of(viewer.upload("PUT", path_to(), DATA), 403, "missing_capability")
    assert problem_of(stranger.upload("PUT", path_to(), DATA), 404, "not_found")
    assert not Blob.objects.filter(sha256=hashlib.sha256(DATA).hexdigest()).exists()


@pytest.mark.parametrize("role", ["", "Model", "\x00", "x" * 5000])
def test_role_that_is_none_is_refused(developer: Caller, version: ModelVersion, role: str) -> None:
    response = developer.client.put(
        f"{V1}/models/limits/versions/1/artifacts/a.onnx", DATA, content_type="application/octet-stream",
        headers={"Content-Digest": digest_header(DATA)}, query_params={"role": role},
    )  # fmt: skip
    assert fields_of(response, 422, "invalid") == {"role"}


@pytest.mark.parametrize("name", ["..", "a%00b", "a%0Ab", "%FF%FE", "x" * 201, ".hidden"])
def test_file_name_that_is_none_is_refused(developer: Caller, version: ModelVersion, name: str) -> None:
    response = developer.upload("PUT", path_to(name), DATA)
    assert response.status_code in {404, 422}
    assert not Artifact.objects.exists()


class Body:
    """A body of so many mebibytes that are never in memory together; after `cut` of them it breaks off."""

    def __init__(self, mebibytes: int, *, cut: int | None = None, error: bool = False) -> None:
        self.length, self.given, self.cut, self.error = mebibytes << 20, 0, cut, error

    def read(self, count: int = -1) -> bytes:
        if self.cut is not None and self.given >= self.cut << 20:
            if self.error:
                raise OSError("connection reset")
            return b""
        piece = MEBIBYTE[: min(len(MEBIBYTE), count, self.length - self.given)]
        self.given += len(piece)
        return piece

    readline = read


MEBIBYTE = bytes(range(256)) * 4096


def digest_of(body: Body) -> str:
    digest = hashlib.sha256()
    for _ in range(body.length >> 20):
        digest.update(MEBIBYTE)
    return f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"


def stream(developer: Caller, body: Body) -> Any:
    """Send a body as the server hands it over: piece by piece."""
    path, _, query = path_to().partition("?")
    return developer.client.request(
        **{
            "REQUEST_METHOD": "PUT", "PATH_INFO": V1 + path, "QUERY_STRING": query, "wsgi.input": body,
            "CONTENT_LENGTH": str(body.length), "CONTENT_TYPE": "application/octet-stream",
            "HTTP_CONTENT_DIGEST": digest_of(body),
        }
    )  # fmt: skip


def test_a_large_file_takes_no_memory_of_its_size(developer: Caller, version: ModelVersion) -> None:
    developer.get("/whoami")  # what is imported and cached once is not the upload's
    tracemalloc.start()
    try:
        response = stream(developer, Body(64))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (response.status_code, response.json()["size"]) == (201, 64 << 20)
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("error", "status", "code"), [(False, 422, "digest_mismatch"), (True, 400, "upload_interrupted")]
)
def test_an_upload_that_was_cut_leaves_nothing_and_can_be_repeated(
    developer: Caller, version: ModelVersion, *, error: bool, status: int, code: str
) -> None:
    before = set(Blob.objects.values_list("pk", flat=True))
    problem_of(stream(developer, Body(4, cut=2, error=error)), status, code)
    assert not Artifact.objects.exists()
    assert set(Blob.objects.values_list("pk", flat=True)) == before
    assert incoming() == []
    assert stream(developer, Body(4)).status_code == 201
    assert stream(developer, Body(4)).status_code == 200
