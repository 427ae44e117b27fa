"""What the audit costs: appending against not appending, draining, verifying. `python bench/ledger.py`, under a minute.

append_ratio: transactions a second with an event, as a share of those without (8 connections, phases in turn), of a
verb as every service does it: the row is locked, then written. append_bare_ratio: the same of a lone insert.
drain_per_s: entries a second that one sequencer orders. verify_s_per_million: seconds to verify a million entries.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django
import psycopg
from django.db import connection, transaction

from bench import installation, report
from portal.core.actors import SYSTEM
from portal.ledger.catalogue import Subject, declare
from portal.ledger.sequencing import sequence_batch
from portal.ledger.services import append
from portal.ledger.verification import verify_ledger

CONNECTIONS = 8
PHASE_SECONDS = 4.0
PHASES = (False, True, False, True)
ROWS = 1_000
CHANGED = declare("bench.row.changed", "changed a row")


def insert(number: int) -> int:
    """Do the smallest verb there is: write one row."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_row (state) VALUES (%s) RETURNING id", [f"state {number}"])
        return int(cursor.fetchone()[0])


def update(number: int) -> int:
    """Do what services do: lock a row, see what it is, write it."""
    key = (os.getpid() * 31 + number) % ROWS + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, state FROM bench_row WHERE id = %s FOR UPDATE", [key])
        cursor.fetchone()
        cursor.execute("UPDATE bench_row SET state = %s WHERE id = %s", [f"state {number}", key])
    return key


def change(verb: Callable[[int], int], number: int, *, audited: bool) -> None:
    """Do a verb, and write its event."""
    with transaction.atomic():
        key = verb(number)
        if audited:
            state = {"row": key, "state": f"state {number}", "digest": "0" * 64, "owner": "user:1", "tier": 2}
            append(
                actor=SYSTEM,
                event=CHANGED,
                subject=Subject("row", str(key), "row", 1),
                data=state,
                private={"reason": "because it was time"} if number % 4 == 0 else None,
                topics=[f"model:{number % 50}"],
            )


def work(verb: Callable[[int], int], barrier: Barrier, counts: "multiprocessing.Queue[tuple[bool, int]]") -> None:
    """Run every phase in one process with one connection."""
    django.setup()
    change(verb, 0, audited=True)
    for audited in PHASES:
        barrier.wait()
        end, done = time.perf_counter() + PHASE_SECONDS, 0
        while time.perf_counter() < end:
            change(verb, done, audited=audited)
            done += 1
        counts.put((audited, done))
    connection.close()


def measure_append(verb: Callable[[int], int]) -> float:
    """Return the rate of the verb with events as a share of its rate without."""
    context = multiprocessing.get_context("spawn")
    barrier, counts = context.Barrier(CONNECTIONS), context.Queue()
    workers = [context.Process(target=work, args=(verb, barrier, counts)) for _ in range(CONNECTIONS)]
    for worker in workers:
        worker.start()
    total = {True: 0, False: 0}
    for _ in range(CONNECTIONS * len(PHASES)):
        audited, done = counts.get(timeout=60)
        total[audited] += done
    for worker in workers:
        worker.join()
    seconds = PHASE_SECONDS * len(PHASES) / 2
    print(f"{verb.__name__}: {total[True] / seconds:.0f}/s with events, {total[False] / seconds:.0f}/s without")
    return total[True] / total[False]


def measure_drain() -> tuple[int, float]:
    """Return how many entries were sequenced, and how many a second."""
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as sequencer:
        start, entries = time.perf_counter(), 0
        while count := sequence_batch(sequencer):
            entries += count
        rate = entries / (time.perf_counter() - start)
    print(f"drain: {entries} entries, {rate:.0f}/s")
    return entries, rate


def measure_verify() -> float:
    """Return the seconds that a million entries would take."""
    start = time.perf_counter()
    result = verify_ledger()
    seconds = time.perf_counter() - start
    assert result.intact, result.problems
    connection.close()
    print(f"verify: {result.entries} entries in {seconds:.2f} s")
    return seconds / result.entries * 1e6


def main() -> None:
    """Measure, and print one line of JSON at the end."""
    with installation("ledger"):
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
            owner.execute("CREATE TABLE bench_row (id bigserial PRIMARY KEY, state text NOT NULL)")
            owner.execute("INSERT INTO bench_row (state) SELECT 'state' FROM generate_series(1, %s)", [ROWS])
        django.setup()
        ratio, bare = measure_append(update), measure_append(insert)
        _, drain = measure_drain()
        verify = measure_verify()
    figures = {
        "append_ratio": round(ratio, 3),
        "append_bare_ratio": round(bare, 3),
        "drain_per_s": round(drain),
        "verify_s_per_million": round(verify, 2),
    }
    report("ledger", figures)


if __name__ == "__main__":
    main()
