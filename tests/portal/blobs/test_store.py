import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from portal.blobs import store
from portal.core.errors import Invalid, NotFound, TooLarge


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.BLOB_ROOT = tmp_path / "blobs"
    return tmp_path / "blobs"


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.lists(st.binary(max_size=2000), max_size=5))
def test_bytes_come_back_as_they_went_in(chunks: list[bytes]) -> None:
    digest, size = store.write(chunks)
    assert digest == hashlib.sha256(b"".join(chunks)).hexdigest()
    with store.open_verified(digest) as stream:
        assert stream.read() == b"".join(chunks)
    assert size == len(b"".join(chunks))


def test_files_and_folders_are_for_their_owner_alone(root: Path) -> None:
    digest, _ = store.write([b"abc"])
    path = store.path_of(digest)
    assert path == root / digest[:2] / digest[2:4] / digest
    assert path.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (root, *path.parents[:2])} == {0o700}


def test_a_root_that_is_shared_with_a_group_is_shared_all_the_way_down(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o2770)
    before = os.umask(0o007)
    try:
        path = store.path_of(store.write([b"abc"])[0])
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    assert {folder.stat().st_mode & 0o7777 for folder in path.parents[:2]} == {0o2770}


def test_other_bytes_than_declared_are_refused_with_both_digests_and_leave_nothing(root: Path) -> None:
    declared, real = "0" * 64, hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(Invalid) as refusal:
        store.write([b"a", b"bc"], expected_sha256=declared)
    assert declared in refusal.value.message
    assert real in refusal.value.message
    assert files(root) == []


def test_more_bytes_than_the_limit_are_refused_before_they_are_read(root: Path) -> None:
    read: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(100):
            read.append(number)
            yield bytes(10)

    with pytest.raises(TooLarge):
        store.write(chunks(), limit=25)
    assert len(read) == 3
    assert files(root) == []


def test_upload_that_breaks_off_leaves_nothing(root: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"abc"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.write(chunks())
    assert files(root) == []


def test_damaged_bytes_are_not_handed_out() -> None:
    digest, _ = store.write([b"abc"])
    store.path_of(digest).write_bytes(b"abd")
    with pytest.raises(store.BlobDamaged, match=digest), store.open_verified(digest):
        pass


def test_missing_bytes_are_not_found() -> None:
    with pytest.raises(NotFound):
        store.open_blob("0" * 64)


@pytest.mark.parametrize("name", ["", "../" * 21 + "a", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_digest_has_no_path(name: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256 digest"):
        store.path_of(name)
