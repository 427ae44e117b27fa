import gzip
import io
import pickle
import stat
import zipfile
from collections.abc import Mapping

import pytest

from portal.core.sandbox.child import Refusal
from registry.sandboxed import archives
from registry.sandboxed.archives import survey


def archive(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return buffer


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"schema.json": b"{}"}, "skops"),
        ({"m/MLmodel": b"flavors:"}, "mlflow"),
        ({"m/archive_format": b"pt2\n"}, "pt2"),
        ({"m/archive_format": b"something else"}, "zip"),
        ({"mimetype": b"application/epub+zip"}, "zip"),
        ({}, "zip"),
    ],
)
def test_an_archive_is_told_by_what_it_holds(members: dict[str, bytes], kind: str) -> None:
    found = survey(archive(members))
    assert (found.kind, found.names) == (kind, tuple(members))


@pytest.mark.parametrize("name", ["../up", "a/../../up", "/etc/passwd", "C:\\x", "a\\..\\b", "\\\\host\\x"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(Refusal, match="leads out of its folder"):
        survey(archive({name: b"x"}))


def test_links_are_refused() -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(link, "/etc/passwd")
    with pytest.raises(Refusal, match="is a link"):
        survey(buffer)


@pytest.mark.parametrize("inner", [gzip.compress(b"words"), b"PK\x03\x04", b"Rar!abc"], ids=["gzip", "zip", "rar"])
def test_archives_in_archives_are_refused(inner: bytes) -> None:
    with pytest.raises(Refusal, match="is an archive itself"):
        survey(archive({"inner": inner}))


@pytest.mark.parametrize("inner", [pickle.dumps([1]), gzip.compress(pickle.dumps([1]))], ids=["plain", "gzip"])
def test_pickles_are_told_whatever_their_name(inner: bytes) -> None:
    with pytest.raises(Refusal, match=r"holds a pickle \(notes\.txt\)"):
        survey(archive({"notes.txt": inner}))


def test_bombs_and_unusual_compression_are_refused() -> None:
    with pytest.raises(Refusal, match="as a bomb"):
        survey(archive({"schema.json": b"{}", "1.npy": bytes(30 << 20)}, zipfile.ZIP_DEFLATED))
    with pytest.raises(Refusal, match="unusual way"):
        survey(archive({"schema.json": b"{}"}, zipfile.ZIP_BZIP2))


def test_number_and_size_of_members_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMBERS", 1)
    with pytest.raises(Refusal, match="2 members"):
        survey(archive({"schema.json": b"{}", "1.npy": b""}))
    monkeypatch.setattr(archives, "TOTAL_BYTES", 1)
    with pytest.raises(Refusal, match="would be larger"):
        survey(archive({"schema.json": b"{}"}))


def test_two_members_of_one_name_are_refused() -> None:
    buffer = archive({"schema.json": b"{}"})
    with zipfile.ZipFile(buffer, "a") as made, pytest.warns(UserWarning, match="Duplicate name"):
        made.writestr("schema.json", b"{}")
    with pytest.raises(Refusal, match="two members of one name"):
        survey(buffer)


def test_broken_zip_is_refused() -> None:
    with pytest.raises(Refusal, match="broken"):
        survey(io.BytesIO(b"PK\x03\x04 nothing"))
