import hashlib
import os
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from pytest_django import Settings

from portal.blobs import services, store
from portal.blobs.models import Blob
from portal.core.clock import now
from portal.core.errors import Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.BLOB_ROOT = tmp_path / "blobs"
    return tmp_path / "blobs"


def test_the_same_bytes_are_the_same_blob() -> None:
    first = services.store_stream([b"ab", b"c"])
    assert services.store_stream([b"abc"], expected_sha256=hashlib.sha256(b"abc").hexdigest()) == first
    assert (first.size, Blob.objects.count()) == (3, 1)
    with store.open_blob(first.sha256) as stream:
        assert stream.read() == b"abc"


def test_refused_bytes_have_no_row() -> None:
    with pytest.raises(Invalid):
        services.store_stream([b"abc"], expected_sha256="0" * 64)
    assert not Blob.objects.exists()


def test_sweeper_removes_only_what_is_old_and_unused(root: Path) -> None:
    old, fresh = services.store_stream([b"old"]), services.store_stream([b"fresh"])
    bare, _ = store.write([b"bytes without a row"])
    half = root / store.INCOMING / "half"
    half.write_bytes(b"x")
    before = now() - timedelta(days=2)
    Blob.objects.filter(pk=old.pk).update(created_at=before)
    for path in (store.path_of(old.sha256), store.path_of(bare), half):
        os.utime(path, (before.timestamp(), before.timestamp()))
    assert services.sweep_orphans() == 4
    assert [name for name, _ in store.stored()] == [fresh.sha256]
    assert list(Blob.objects.all()) == [fresh]
    assert not half.exists()


def test_nothing_is_swept_while_a_backup_copies_the_store() -> None:
    old = services.store_stream([b"old"])
    Blob.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=2))
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as backup:
        backup.execute("SELECT pg_advisory_lock_shared(%s)", [services.SWEEP])
        assert services.sweep_orphans() == 0
        backup.execute("SELECT pg_advisory_unlock_shared(%s)", [services.SWEEP])
    assert services.sweep_orphans() == 1
