"""What a document about a model must say, and what kinds of files it may be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from registry.choices import DocumentKind
from registry.rules.values import DIGEST, is_text, text_problems

MOST_BYTES = 50_000_000
"""Of one file."""
MOST = 500
"""Documents of one model, withdrawn ones included."""
HEAD_BYTES = 1 << 16
"""How much of a file's beginning tells what it is."""
EARLIEST, LATEST = date(1950, 1, 1), date(2199, 12, 31)

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
SUFFIXES: Mapping[str, str] = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    f"{_OFFICE}wordprocessingml.document": "docx",
    f"{_OFFICE}spreadsheetml.sheet": "xlsx",
    f"{_OFFICE}presentationml.presentation": "pptx",
    f"{_OPEN}text": "odt",
    f"{_OPEN}spreadsheet": "ods",
    f"{_OPEN}presentation": "odp",
    "text/plain": "txt",
}
"""The media types that are taken, and how a file of each ends when it is fetched: no name comes in with the bytes."""
_BEGINNINGS = (
    (re.compile(rb"%PDF-\d"), "application/pdf"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
)
# The name of a zip's first entry stands at byte 30; OpenDocument's holds the type, unpacked.
_OPENDOCUMENT = re.compile(rb"PK\x03\x04.{26}mimetype(application/vnd\.oasis\.opendocument\.[a-z]+)(?=PK)", re.DOTALL)
_OFFICE_ENTRY = re.compile(rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|_rels/\.rels|word/|xl/|ppt/|docProps/)", re.DOTALL)
_OFFICE_PARTS = (
    (b"word/", f"{_OFFICE}wordprocessingml.document"),
    (b"xl/", f"{_OFFICE}spreadsheetml.sheet"),
    (b"ppt/", f"{_OFFICE}presentationml.presentation"),
)
NOT_TAKEN = "Send a PDF, a picture (PNG, JPEG), an Office or OpenDocument file, or plain text in UTF-8."


@dataclass(frozen=True)
class Said:
    """What somebody states about a document."""

    kind: str
    title: str
    sha256: str
    valid_from: date
    valid_until: date | None = None
    signed_by: str = ""
    signed_on: date | None = None


def problems(said: Said, today: date) -> dict[str, list[str]]:
    """Return what is wrong with what is stated, by field; a signature has a name and a day, or neither."""
    found = text_problems({"title": said.title}, {"signed_by": said.signed_by})
    if said.kind not in DocumentKind.values:
        found["kind"] = [f"Choose one of {', '.join(DocumentKind.values)}."]
    if not DIGEST.fullmatch(said.sha256):
        found["sha256"] = ["Give the SHA-256 of the file as 64 hexadecimal digits."]
    if said.signed_by.strip() and said.signed_on is None:
        found["signed_on"] = ["Say on which day it was signed."]
    if said.signed_on is not None and not said.signed_by.strip():
        found["signed_by"] = ["Say who signed it."]
    if said.signed_on is not None and said.signed_on > today:
        found["signed_on"] = ["This day has not come."]
    if said.valid_until is not None and said.valid_until < said.valid_from:
        found["valid_until"] = ["It ends before it begins."]
    days = {"valid_from": said.valid_from, "valid_until": said.valid_until, "signed_on": said.signed_on}
    for name, day in days.items():
        if day is not None and not EARLIEST <= day <= LATEST:
            found[name] = [f"Give a day from {EARLIEST} to {LATEST}."]
    return found


def media_type_of(head: bytes, size: int) -> str:
    """Return what a file is by its first HEAD_BYTES, never by a name; empty for what is not taken.

    Bytes are compared, nothing is parsed or unpacked. `size` is the whole file's.
    """
    for beginning, media_type in _BEGINNINGS:
        if beginning.match(head):
            return media_type
    if found := _OPENDOCUMENT.match(head):
        told = found[1].decode()
        return told if told in SUFFIXES else ""
    if _OFFICE_ENTRY.match(head):
        return next((told for part, told in _OFFICE_PARTS if part in head), "")
    return "text/plain" if _is_plain(head, size) else ""


def _is_plain(head: bytes, size: int) -> bool:
    if not head or head.startswith(b"#!") or any(byte < 0x20 and byte not in b"\t\n\r\x0c" for byte in head):  # noqa: PLR2004
        return False
    try:
        return is_text(head.decode())
    except UnicodeDecodeError as error:
        return size > len(head) and error.start >= len(head) - 3  # a character cut at the end
