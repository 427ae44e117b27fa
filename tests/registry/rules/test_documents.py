import io
import zipfile
from datetime import date
from typing import Any

import pytest

from registry.rules.documents import HEAD_BYTES, SUFFIXES, Said, media_type_of, problems

TODAY = date(2026, 11, 28)
SHA256 = "9f" * 32


def said(**values: Any) -> Said:
    given: dict[str, Any] = {"kind": "minutes", "title": "Meeting", "sha256": SHA256, "valid_from": TODAY}
    return Said(**given | values)


def zipped(*names: str, mimetype: str = "") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "<x/>", compress_type=zipfile.ZIP_DEFLATED)
    return file.getvalue()


def told(data: bytes) -> str:
    return SUFFIXES.get(media_type_of(data[:HEAD_BYTES], len(data)), "")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"valid_from": date(2020, 1, 1), "valid_until": date(2020, 1, 1)},
        {"signed_by": "Vera Vendor", "signed_on": TODAY},
        {"valid_from": date(2030, 1, 1)},
    ],
)
def test_what_is_stated_in_full_is_taken(values: dict[str, Any]) -> None:
    assert problems(said(**values), TODAY) == {}


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"kind": "letter"}, {"kind"}),
        ({"title": " "}, {"title"}),
        ({"title": "Re\N{RIGHT-TO-LEFT OVERRIDE}port"}, {"title"}),
        ({"sha256": "9F" * 32}, {"sha256"}),
        ({"sha256": "abc"}, {"sha256"}),
        ({"signed_by": "Vera"}, {"signed_on"}),
        ({"signed_on": TODAY}, {"signed_by"}),
        ({"signed_by": "Vera", "signed_on": date(2026, 11, 29)}, {"signed_on"}),
        ({"signed_by": "V" * 201, "signed_on": TODAY}, {"signed_by"}),
        ({"valid_until": date(2026, 11, 27)}, {"valid_until"}),
        ({"valid_from": date(1, 1, 1)}, {"valid_from"}),
        ({"valid_until": date(9999, 1, 1)}, {"valid_until"}),
    ],
)
def test_what_is_missing_or_contradicts_itself_is_named_by_field(values: dict[str, Any], fields: set[str]) -> None:
    assert problems(said(**values), TODAY).keys() == fields


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0", "png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "jpg"),
        (zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"), "docx"),
        (zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "xlsx"),
        (zipped("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
        (zipped("content.xml", mimetype="application/vnd.oasis.opendocument.text"), "odt"),
        (zipped("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet"), "ods"),
        ("Minutes: the café agreed.\n".encode(), "txt"),
        (b"a" * (HEAD_BYTES - 1) + "é".encode(), "txt"),
    ],
)
def test_a_document_is_told_by_its_first_bytes(data: bytes, suffix: str) -> None:
    assert told(data) == suffix


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\n",
        b"MZ\x90\0",
        b"\x7fELF\x02",
        b"\x80\x04\x95",
        b"\x1f\x8b\x08",
        b"caf\xe9",
        b"caf\xc3",
        zipped("model.pkl"),
        zipped("[Content_Types].xml", "other/thing.xml"),
        zipped("x", mimetype="application/vnd.oasis.opendocument.database"),
        zipped("x", mimetype="application/epub+zip"),
    ],
)
def test_everything_else_is_no_document(data: bytes) -> None:
    assert told(data) == ""
