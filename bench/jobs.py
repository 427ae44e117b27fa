"""How long a job waits on an idle portal. `python bench/jobs.py`, half a minute.

<broker>_start_p50_ms, _p95_ms: from the moment the row is written until a worker has claimed it, one job after another.
commit_p50_ms: the smallest transaction on the same server, which no outbox can beat. pgmq, or with
ARGS=rabbitmq the RabbitMQ at TEST_AMQP_URL (its standard local port).
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django
from kombu import Connection as BrokerConnection

from bench import ROOT, installation, report
from portal.core.progress import Progress

AMQP_URL = os.environ.get("TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//")
KIND, QUEUE = "bench.nothing", "intake"
JOBS, WARM_UP = 150, 10
STARTS_WITHIN, STARTS_JOB_WITHIN = 60.0, 20.0

if os.environ.get("BENCH_WORKER"):
    from portal import celery
    from portal.jobs.decorators import job
    from portal.jobs.kinds import declare_kind

    app = celery.app

    @job(declare_kind(KIND, queue=QUEUE))
    def nothing(progress: Progress) -> None:
        """Do nothing, in the worker's process."""


@contextmanager
def working() -> Iterator[None]:
    """Run a worker as `up` does, with the one task above."""
    command = [sys.executable, "-m", "celery", "-A", "bench.jobs:app", "worker", "--loglevel=WARNING", "-c", "1"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "-n", "bench@local", "-Q", QUEUE]
    worker = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "BENCH_WORKER": "1"})
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(30)


def waits(count: int, within: float) -> list[float]:
    """Enqueue one job after another; return for each how long it waited, in milliseconds."""
    from django.db import transaction  # noqa: PLC0415  (needs `installation` first)

    from portal.core.actors import SYSTEM  # noqa: PLC0415
    from portal.jobs.models import Job  # noqa: PLC0415
    from portal.jobs.services import enqueue  # noqa: PLC0415
    from portal.ledger.catalogue import Subject  # noqa: PLC0415

    found = []
    for number in range(count):
        with transaction.atomic():
            made = enqueue(actor=SYSTEM, kind=KIND, subject=Subject("thing", str(number), "Thing", None), arguments={})
        deadline = time.monotonic() + within
        while (row := Job.objects.get(pk=made.pk)).ended_at is None:
            assert time.monotonic() < deadline, f"job {made.pk} is {row.state}"
            time.sleep(0.002)
        assert row.started_at is not None
        found.append((row.started_at - row.created_at).total_seconds() * 1000)
    return found


def measure(name: str) -> dict[str, float]:
    """Return the waits on the broker that this process was set up with."""
    from portal.jobs import kinds  # noqa: PLC0415  (needs `installation` first)

    kinds.KINDS.setdefault(KIND, QUEUE)
    with working():
        waits(1, STARTS_WITHIN)
        waits(WARM_UP, STARTS_JOB_WITHIN)
        found = waits(JOBS, STARTS_JOB_WITHIN)
    cuts = statistics.quantiles(found, n=20)
    print(f"{name}: p50 {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms, worst {max(found):.1f} ms of {JOBS}")
    return {f"{name}_start_p50_ms": round(cuts[9], 1), f"{name}_start_p95_ms": round(cuts[18], 1)}


def measure_commit() -> float:
    """Return the median of the smallest transaction, in milliseconds."""
    from django.db import connection, transaction  # noqa: PLC0415  (needs `installation` first)

    taken = []
    for _ in range(JOBS):
        begin = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE jobs_job SET progress_done = progress_done WHERE id = 1")
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


def answers(url: str) -> bool:
    """Return whether a broker answers there."""
    try:
        with BrokerConnection(url, connect_timeout=2) as found:
            found.ensure_connection(max_retries=1)
    except OSError:
        return False
    return True


def main() -> None:
    """Measure on one broker, and print one line of JSON at the end."""
    with installation() as server:
        from portal.runtime.roles import bootstrap_queue  # noqa: PLC0415

        queue = server.url("bench_queue", "bench_app", "bench")
        bootstrap_queue(admin_url=server.url(), queue_url=queue)
        broker = "rabbitmq" if "rabbitmq" in sys.argv[1:] else "pgmq"
        if broker == "rabbitmq" and not answers(AMQP_URL):
            sys.exit(f"Nothing answers at {AMQP_URL}: set TEST_AMQP_URL.")
        os.environ["BROKER_URL"] = AMQP_URL if broker == "rabbitmq" else queue.replace("postgresql://", "pgmq://", 1)
        django.setup()
        figures = measure(broker)
        figures["commit_p50_ms"] = round(measure_commit(), 2)
    report("jobs", figures)


if __name__ == "__main__":
    main()
