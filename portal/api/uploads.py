"""Streamed uploads, verified against the digest that the client declares (RFC 9530, Content-Digest)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from typing import ClassVar

from django.conf import settings
from django.http import UnreadablePostError
from rest_framework.request import Request

from portal.blobs.models import Blob
from portal.blobs.services import store_stream
from portal.core.actors import Actor
from portal.core.errors import DomainError, Invalid, TooLarge
from portal.core.throttles import UPLOAD, TooManyTries, take

CHUNK = 1 << 20
_SHA256 = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):")


class LengthRequired(DomainError):
    """The request does not say how long its body is, and the server below us reads none without that."""

    status: ClassVar[int] = 411
    code = "length_required"


class UploadInterrupted(DomainError):
    """The client went away before its bytes had arrived; nothing of them is kept."""

    status: ClassVar[int] = 400
    code = "upload_interrupted"


def declared_sha256(request: Request) -> str:
    """Return the hexadecimal digest of the Content-Digest header; raises Invalid without a usable one."""
    found = _SHA256.search(request.headers.get("Content-Digest", ""))
    try:
        raw = base64.b64decode(found.group(1), validate=True) if found else b""
    except binascii.Error:
        raw = b""
    if len(raw) != 32:  # noqa: PLR2004  (bytes of SHA-256)
        raise Invalid(
            "Send the header Content-Digest: sha-256=:<base64 of the SHA-256>: so that the upload can be verified.",
            code="digest_required",
            fields={"Content-Digest": ["Missing, or no SHA-256 in base64 between colons."]},
        )
    return raw.hex()


def stored_upload(request: Request, actor: Actor, *, sha256: str, limit: int | None = None) -> Blob:
    """Store the body, and return its row; refused before a byte is read where its length says that it is too large.

    `limit`: at most so many bytes, where that is less than the installation takes. Raises TooManyTries, LengthRequired,
    TooLarge, UploadInterrupted, and Invalid for another digest than declared.
    """
    most = min(limit or settings.MAX_UPLOAD_BYTES, settings.MAX_UPLOAD_BYTES)
    _admit(request, actor, most)
    return store_stream(_chunks_of(request), expected_sha256=sha256, limit=most)


def small_upload(request: Request, actor: Actor, *, sha256: str, limit: int) -> bytes:
    """Return the body, which is not stored; refused before a byte is read where it is too long.

    Raises TooManyTries, LengthRequired, TooLarge, and Invalid for another digest than the declared one.
    """
    _admit(request, actor, min(limit, settings.MAX_UPLOAD_BYTES))
    content = b"".join(_chunks_of(request))
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        words = f"The bytes received have SHA-256 {found}, declared was {sha256}."
        raise Invalid(words, code="digest_mismatch", fields={"Content-Digest": [words]})
    return content


def _admit(request: Request, actor: Actor, limit: int) -> None:
    """Raise TooManyTries, LengthRequired or TooLarge."""
    if wait := take((UPLOAD, actor.id)):
        raise TooManyTries("Too many uploads.", wait=wait)
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise LengthRequired("Send the header Content-Length: chunked bodies are not read.")
    if int(length[:20]) > limit:
        raise TooLarge(f"The file has {length[:20]} bytes; the limit of this installation is {limit} bytes.")


def _chunks_of(request: Request) -> Iterator[bytes]:
    """Yield the body in pieces of at most one mebibyte; raises UploadInterrupted where it breaks off."""
    try:
        while chunk := request.read(CHUNK):
            yield chunk
    except UnreadablePostError:
        raise UploadInterrupted("The upload broke off. Nothing of it was kept; send it again.") from None
