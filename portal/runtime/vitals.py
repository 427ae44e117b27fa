"""What `doctor` finds in the things that live: versions, clocks, queues, the ledger and its subscribers, the store."""

import time
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from portal.blobs import store
from portal.blobs.models import Blob
from portal.core.clock import now
from portal.core.errors import DomainError
from portal.jobs import selectors as jobs
from portal.jobs.broker import UNREACHABLE, queue_depths
from portal.jobs.kinds import QUEUES
from portal.ledger import keeping, notes
from portal.ledger.selectors import LedgerHealth, health, misfits_pending, refused
from portal.ledger.sequencing import checkpoints_folder
from portal.runtime.soundness import Finding

LEAST_POSTGRESQL = 15
MOST_SKEW = timedelta(seconds=2)
MOST_LAG = timedelta(seconds=60)
MOST_ERRORED = 5
SAMPLE, LARGEST_SAMPLED = 20, 64 * 1024**2
LIBRARIES = ("django", "psycopg", "celery", "granian")


def vitals() -> Iterator[Finding]:
    """Look at everything that needs the database; one that fails to answer ends the look with its own finding."""
    try:
        yield _versions()
        yield _clock()
        yield from _queues()
        yield from _errored()
        state = health()
        yield _order(state)
        yield _checkpoint(state)
        yield from _subscribers(state)
        yield from _misfits()
        yield _blobs()
    except DatabaseError as error:
        said = str(error).strip().splitlines()[0]
        yield Finding("database", said, "Start the database, and run `manage.py migrate`.")


def _versions() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version')")
        major, told = cursor.fetchone()
    detail = ", ".join([f"PostgreSQL {told}", *(f"{name} {_installed(name)}" for name in LIBRARIES)])
    remedy = "" if major >= LEAST_POSTGRESQL else f"PostgreSQL {LEAST_POSTGRESQL} or later is needed: upgrade it."
    return Finding("versions", detail, remedy)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _clock() -> Finding:
    """Compare this machine's clock with the database's, in the middle of the question's way there and back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        begin, asked = now(), time.monotonic()
        cursor.execute("SELECT clock_timestamp()")
        [told] = cursor.fetchone()
    skew = told - begin - timedelta(seconds=(time.monotonic() - asked) / 2)
    detail = f"{abs(skew).total_seconds():.2f} s from the database's"
    remedy = "Let both machines follow the same time server: timedatectl set-ntp true"
    return Finding("clock", detail, remedy if abs(skew) > MOST_SKEW else "")


def _queues() -> Iterator[Finding]:
    """Name the queues that nobody takes from: by the broker's count where it has one, and by what waits in vain."""
    try:
        depths = {depth.queue: depth for depth in queue_depths()}
    except UNREACHABLE:
        depths = {}  # the broker is a finding of its own
    # Who takes from a queue makes it: one that a counting broker does not have is nobody's.
    counted = {queue: depth.consumers for queue, depth in depths.items() if depth.consumers is not None}
    idle = {queue for queue in QUEUES if counted and not counted.get(queue)}
    waiting = {one.queue: one for one in jobs.unattended()}
    for queue in QUEUES:
        remedy = f"Start a worker that takes from it: see -Q {queue} in the Procfile."
        if one := waiting.get(queue):
            minutes = (now() - one.since).total_seconds() / 60 if one.since else 0
            detail = f"{one.count} jobs wait, the oldest for {minutes:.0f} min, and none is worked on"
            yield Finding(f"queue {queue}", detail, remedy)
        elif queue in idle:
            yield Finding(f"queue {queue}", "no worker takes from it", remedy)
    if not waiting and not idle:
        yield Finding("queues", f"{sum(depth.messages for depth in depths.values())} messages, none waits in vain")


def _errored() -> Iterator[Finding]:
    for job in jobs.errored_lately(MOST_ERRORED):
        detail = f"errored at {job.ended_at:%Y-%m-%d %H:%M} UTC: {(job.error or {}).get('detail', '')}"
        remedy = f"The workers' logs have the cause by job_id {job.pk}; ask for the work again once it is mended."
        yield Finding(f"job {job.pk}, {job.kind}", detail, remedy)


def _order(state: LedgerHealth) -> Finding:
    lag = now() - state.waiting_since if state.waiting_since else timedelta(0)
    detail = f"{state.size} entries, {state.pending} pending"
    if lag <= MOST_LAG:
        return Finding("ledger", detail)
    remedy = "Start `manage.py sequencer`, and read its log: it says why it does not sign."
    return Finding("ledger", f"{detail}, the oldest for {lag.total_seconds():.0f} s", remedy)


def _checkpoint(state: LedgerHealth) -> Finding:
    """Compare the newest checkpoint of the database with the copy outside, which reveals a log that was rolled back."""
    folder = checkpoints_folder()
    try:
        kept = keeping.latest(folder)
        size = _size_in(kept) if kept else None
    except (OSError, ValueError, DomainError) as error:
        return Finding("checkpoint", f"{folder} can not be read: {error}", "Run doctor as the sequencer's user.")
    if refusal := refused():
        remedy = "Entries were lost: restore a later backup; without one, `manage.py ledger_recover` goes on from here."
        return Finding("checkpoint", f"nothing more is signed: {refusal}", remedy)
    if state.signed_at is None:
        return Finding("checkpoint", "none yet")
    age = _told(now() - state.signed_at)
    detail = f"size {state.size}, signed {age} ago"
    if size is None:
        remedy = f"Run doctor where the sequencer runs; there, put the copy back into {folder}."
        return Finding("checkpoint", f"{detail}; no copy outside the database", remedy)
    return Finding("checkpoint", f"{detail}; copied outside at size {size}")


def _size_in(note: str) -> int:
    """Return the size that a kept note tells; doctor reads no private key, so the sequencer verifies it."""
    return notes.parse_checkpoint(note.split("\n\n", 1)[0] + "\n").size


def _subscribers(state: LedgerHealth) -> Iterator[Finding]:
    for cursor in state.failing:
        name = f"subscriber {cursor.name}"
        if cursor.parked_at:
            remedy = f"Mend the cause, then: manage.py resume_subscriber {cursor.name}"
            yield Finding(name, f"parked at entry {cursor.position}: {cursor.reason}", remedy)
        else:
            remedy = "It tries again by itself; the sequencer's log tells the cause."
            yield Finding(name, f"failed {cursor.failures} times at entry {cursor.position}: {cursor.reason}", remedy)
    if not state.failing:
        yield Finding("subscribers", "all hear")


def _misfits() -> Iterator[Finding]:
    for misfit in misfits_pending():
        remedy = "It was written past the portal: find out by whom; docs/operations.md says how it is removed."
        yield Finding(f"pending entry {misfit.order}", f"can't be ordered: {misfit.reason}", remedy)


def _blobs() -> Finding:
    """Read a few files of the store, chosen by chance, against their names."""
    sample = list(
        Blob.objects.filter(size__lte=LARGEST_SAMPLED).order_by("?").values_list("sha256", flat=True)[:SAMPLE]
    )
    damaged = []
    for sha256 in sample:
        try:
            with store.open_verified(sha256):
                pass
        except (DomainError, OSError):
            damaged.append(sha256)
    if damaged:
        remedy = f"Put these back from the backup of {Path(settings.BLOB_ROOT)}, and look at its disk."
        return Finding("stored files", f"damaged or missing: {', '.join(damaged)}", remedy)
    return Finding("stored files", f"{len(sample)} files read against their digests")


def _told(age: timedelta) -> str:
    seconds = age.total_seconds()
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
