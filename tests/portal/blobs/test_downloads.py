from typing import Any

import pytest
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from pytest_django import Settings

from portal.blobs.downloads import Download, Span, answer, download_of, span_of
from portal.core.errors import NotFound
from tests.factories.registry import stored

pytestmark = pytest.mark.django_db
DATA = bytes(range(256)) * 10_000


@pytest.fixture(autouse=True)
def root(tmp_path: Any, settings: Settings) -> None:
    settings.BLOB_ROOT = tmp_path / "blobs"


@pytest.fixture
def download(root: None) -> Download:
    return download_of(stored(DATA), name="model.onnx", media_type="application/vnd.onnx")


def asked(download: Download, method: str = "GET", **headers: str) -> HttpResponseBase:
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    return answer(RequestFactory().generic(method, "/", headers=sent), download)


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_the_whole_comes_in_pieces_with_its_digest(download: Download) -> None:
    response = asked(download)
    pieces = list(response.streaming_content)  # type: ignore[attr-defined]
    assert b"".join(pieces) == DATA
    assert max(map(len, pieces)) <= 1 << 20
    assert (response.status_code, response["Content-Length"]) == (200, str(len(DATA)))
    assert (response["ETag"], response["Accept-Ranges"]) == (f'"{download.sha256}"', "bytes")
    assert response["Repr-Digest"].startswith("sha-256=:")


@pytest.mark.parametrize(
    ("wanted", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=2559990-", 2_559_990, 2_560_000),
        ("bytes=-3", 2_559_997, 2_560_000),
        ("bytes=10-99999999", 10, 2_560_000),
        ("bytes=1500000-2000000", 1_500_000, 2_000_001),
        ("bytes=0-", 0, 2_560_000),
    ],
)
def test_one_range_is_sent_by_itself(download: Download, wanted: str, first: int, end: int) -> None:
    response = asked(download, Range=wanted)
    assert body(response) == DATA[first:end]
    assert (response.status_code, response["Content-Length"]) == (206, str(end - first))
    assert response["Content-Range"] == f"bytes {first}-{end - 1}/{len(DATA)}"


@pytest.mark.parametrize("wanted", ["bytes=2560000-", "bytes=9999999999999999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_refused_with_how_much_there_is(download: Download, wanted: str) -> None:
    response = asked(download, Range=wanted)
    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{len(DATA)}")
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "bytes=",
        "bytes=-",
        "bytes=5-1",
        "bytes=0-1,5-9",
        "lines=1-2",
        "bytes=a-b",
        "bytes=-1-2",
        "bytes=" + "9" * 40,
    ],
)
def test_what_is_no_single_range_brings_the_whole(download: Download, wanted: str) -> None:
    response = asked(download, Range=wanted)
    assert (response.status_code, body(response)) == (200, DATA)


def test_parts_of_other_bytes_are_never_joined(download: Download) -> None:
    held, other = f'"{download.sha256}"', f'"{"0" * 64}"'
    assert asked(download, Range="bytes=0-9", If_Range=held).status_code == 206
    for stale in (other, f"W/{held}", "Sat, 28 Nov 2026 04:00:00 GMT"):
        assert asked(download, Range="bytes=0-9", If_Range=stale).status_code == 200


def test_who_has_the_bytes_is_told_so(download: Download) -> None:
    assert asked(download, If_None_Match=f'"other", "{download.sha256}"').status_code == 304
    assert asked(download, If_None_Match='"other"').status_code == 200


def test_a_range_is_of_what_is_fetched_not_of_what_is_asked_about(download: Download) -> None:
    response = asked(download, "HEAD", Range="bytes=0-9")
    assert (response.status_code, response["Content-Length"]) == (200, str(len(DATA)))


def test_a_browser_shows_nothing_of_it(root: None) -> None:
    page = download_of(stored(b"<script>alert(1)</script>"), name='a"; filename=b.html', media_type="text/html")
    response = asked(page)
    assert response["Content-Disposition"] == 'attachment; filename="a\\"; filename=b.html"'
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_file_is_closed_when_nobody_reads_to_the_end(download: Download) -> None:
    response = asked(download)
    reader = response._iterator  # type: ignore[attr-defined]
    next(reader)
    response.close()
    assert reader._stream.closed


def test_an_empty_file_comes_whole(root: None) -> None:
    empty = download_of(stored(b""), name="empty", media_type="")
    assert (body(asked(empty)), asked(empty)["Content-Type"]) == (b"", "application/octet-stream")
    assert asked(empty, Range="bytes=0-").status_code == 416
    assert span_of("bytes=-5", 0) is None
    assert span_of("bytes=-500", 3) == Span(0, 3)


def test_bytes_that_are_gone_are_not_found(root: None) -> None:
    with pytest.raises(NotFound):
        asked(Download("a" * 64, 3, "gone", ""))
