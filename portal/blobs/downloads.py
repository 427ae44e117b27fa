"""Stored bytes as downloads: streamed, in whole or one range of them (RFC 9110), and never shown by the browser."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from portal.blobs.models import Blob
from portal.blobs.store import CHUNK_BYTES, open_blob
from portal.core.problems import MEDIA_TYPE, problem

RANGE = re.compile(r"bytes=(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))")
"""One range. Several are answered with the whole, as a server may."""


@dataclass(frozen=True)
class Download:
    """Bytes of the store under the name and type with which they leave."""

    sha256: str
    size: int
    name: str
    media_type: str


@dataclass(frozen=True)
class Span:
    """Which bytes are sent, from the first to before the end; `asked` where a range was asked for."""

    first: int
    end: int
    asked: bool = True


def download_of(blob: Blob, *, name: str, media_type: str) -> Download:
    """Return a blob as a download."""
    return Download(blob.sha256, blob.size, name, media_type)


def answer(request: HttpRequest, download: Download) -> HttpResponseBase:
    """Answer with the bytes: 200, 206 for a range, 304 to who has them, 416 for a range behind their end.

    Raises NotFound where the store lacks them.
    """
    tag = f'"{download.sha256}"'
    headers = {"ETag": tag, "Accept-Ranges": "bytes"}
    if tag in re.split(r"\s*,\s*", request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    wanted = request.headers.get("Range", "") if request.method == "GET" else ""
    if request.headers.get("If-Range", tag) != tag:
        wanted = ""  # another state of the thing, so that parts would not fit together
    span = span_of(wanted, download.size)
    if span is None:
        return _unsatisfiable(download, headers)
    return _sent(download, span, headers)


def attached(data: bytes, name: str, media_type: str) -> HttpResponse:
    """Answer with bytes that were made now, as a file that browsers show to nobody."""
    return HttpResponse(data, content_type=media_type, headers=_never_shown(name))


def span_of(wanted: str, size: int) -> Span | None:
    """Return the bytes that a Range header asks for, all where it asks for none that is understood.

    None: the range lies behind the end of so many bytes.
    """
    found = RANGE.fullmatch(wanted.replace(" ", ""))
    if found is None:
        return Span(0, size, asked=False)
    first, last, suffix = found.groups()
    if suffix is not None:
        return Span(max(0, size - int(suffix)), size) if int(suffix) and size else None
    if last and int(last) < int(first):
        return Span(0, size, asked=False)
    return Span(int(first), min(int(last) + 1, size) if last else size) if int(first) < size else None


class _Bytes:
    """Some of a file's bytes in pieces of at most one mebibyte; closes the file, also when nobody reads to the end."""

    def __init__(self, stream: BufferedReader, span: Span) -> None:
        self._stream, self._left = stream, span.end - span.first
        stream.seek(span.first)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._stream.read(min(CHUNK_BYTES, self._left))
        if not piece:
            self.close()
            raise StopIteration
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._stream.close()
        self._left = 0


def _sent(download: Download, span: Span, headers: dict[str, str]) -> HttpResponseBase:
    if span.asked:
        headers["Content-Range"] = f"bytes {span.first}-{span.end - 1}/{download.size}"
    # Whoever puts parts together, or reads over a proxy, can tell that these are the bytes (RFC 9530).
    whole = base64.b64encode(bytes.fromhex(download.sha256)).decode()
    return StreamingHttpResponse(
        _Bytes(open_blob(download.sha256), span),
        status=206 if span.asked else 200,
        content_type=download.media_type or "application/octet-stream",
        headers=headers
        | _never_shown(download.name)
        | {"Content-Length": str(span.end - span.first), "Repr-Digest": f"sha-256=:{whole}:"},
    )


def _never_shown(name: str) -> dict[str, str]:
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}


def _unsatisfiable(download: Download, headers: dict[str, str]) -> HttpResponse:
    detail = f"The range lies outside of the {download.size} bytes that there are."
    body = problem(status=416, code="range_not_satisfiable", detail=detail)
    headers["Content-Range"] = f"bytes */{download.size}"
    return JsonResponse(body, status=416, content_type=MEDIA_TYPE, headers=headers)
