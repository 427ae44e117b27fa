"""Rows for bytes: a row is made only after the bytes are safe on disk."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import ProtectedError

from portal.blobs import store
from portal.blobs.models import Blob
from portal.core.clock import now
from portal.core.errors import Conflict

ORPHAN_AGE = timedelta(days=1)
ONE_FILE = 0x626C6F62  # advisory locks of one digest each: its file and its row come and go together ("blob")
SWEEP = 0x737765657062  # advisory lock: nothing is swept while a backup holds it shared ("sweepb")


class BytesGone(Conflict):
    """Stored bytes were erased or swept before anything referred to them."""

    code = "bytes_gone"


def store_stream(chunks: Iterable[bytes], *, expected_sha256: str | None = None, limit: int | None = None) -> Blob:
    """Store the bytes, at most `limit` of them, and return their row; the same bytes are the same blob.

    Raises Invalid when the digest is not the expected one and TooLarge above the limit; nothing is left then.
    """
    with store.receiving(chunks, expected_sha256=expected_sha256, limit=limit) as received, transaction.atomic():
        _alone_with(received.sha256)
        received.keep()
        # Locked, so that a row that is being erased is waited for and made anew, and one that is there stays.
        rows = Blob.objects.select_for_update(no_key=True)
        blob, _ = rows.get_or_create(sha256=received.sha256, defaults={"size": received.size, "created_at": now()})
    return blob


def hold(blob: Blob) -> None:
    """Keep stored bytes from being erased or swept until the caller's transaction has a row that refers to them.

    Raises BytesGone where that happened since they were stored.
    """
    if not Blob.objects.select_for_update(no_key=True).filter(pk=blob.pk).exists():
        raise BytesGone(f"The bytes {blob.pk} were erased while they arrived. Nothing was added.")


def sweep_orphans(*, older_than: timedelta = ORPHAN_AGE) -> int:
    """Remove rows nothing refers to, bytes without a row, and halves of uploads, all older than this.

    Returns how many things were removed: none while a backup copies the store. The age protects what an open
    transaction is about to refer to.
    """
    with _no_backup() as alone:
        return _sweep(now() - older_than) if alone else 0


def _alone_with(sha256: str) -> None:
    """Let nobody else put or remove the file of this digest until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ONE_FILE, int(sha256[:7], 16)])


@contextmanager
def _no_backup() -> Iterator[bool]:
    """Keep backups from copying the store meanwhile; yields False where one does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [SWEEP])
        if cursor.fetchone() != (True,):
            yield False
            return
        try:
            yield True
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [SWEEP])


def _sweep(cutoff: datetime) -> int:
    removed = 0
    for blob in Blob.objects.filter(created_at__lt=cutoff).iterator():
        try:
            with transaction.atomic():
                Blob.objects.select_for_update().get(pk=blob.pk).delete()
        except (ProtectedError, Blob.DoesNotExist):
            continue
        removed += 1
    for sha256, written_at in store.stored():
        if written_at < cutoff.timestamp():
            removed += _remove_rowless(sha256)
    return removed + store.clear_incoming(cutoff.timestamp())


def erase(sha256: str) -> None:
    """Remove the row of some bytes now and the bytes on commit, in the caller's transaction.

    Raises ProtectedError where something holds them. Bytes that a backup copies meanwhile, or a crash leaves, are the
    sweeper's: it removes those without a row.
    """
    Blob.objects.filter(pk=sha256).delete()
    transaction.on_commit(lambda: _remove_erased(sha256))


def _remove_erased(sha256: str) -> None:
    with _no_backup() as alone:
        if alone:
            _remove_rowless(sha256)


def _remove_rowless(sha256: str) -> bool:
    """Remove bytes that no row names; return whether there were any."""
    with transaction.atomic():
        if Blob.objects.filter(pk=sha256).exists():
            return False
        _alone_with(sha256)
        if Blob.objects.filter(pk=sha256).exists():
            return False
        store.remove(sha256)
        return True
