"""What pages cost, through granian as `up` starts it. `python bench/pages.py`, two minutes.

<page>_p50_ms, <page>_p95_ms: one reader, one request after another. <page>_per_s: requests a second with four readers;
livez_per_s is the same server answering a page that does nothing, which no page can beat. Readers and server share the
machine's cores.
"""

import os
import statistics
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django
import psycopg

from bench import installation, report, serving, session_cookie

FURNISHED, APPROVED = 60, 15
"""Models with runs, gates and requests, and how many of those requests are approved."""
MODELS, VERSIONS, ENTRIES = 1_000, 5, 200_000
"""In all: models, versions of each, entries of the ledger."""
REQUESTS, WARM_UP = 40, 24
"""After the warm-up every connection has its statements prepared, as in a portal that is in use."""
READERS, SECONDS = 4, 3.0
OK = 200


def fill() -> tuple[str, dict[str, str]]:
    """Make models with all that belongs to them, and their entries; return a session's cookie and the pages."""
    from portal.ledger.sequencing import sequence_batch  # noqa: PLC0415
    from tests.factories.accounts import person_with  # noqa: PLC0415
    from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory  # noqa: PLC0415
    from tests.factories.volume import more_entries, more_models  # noqa: PLC0415

    begin = time.perf_counter()
    reader = person_with("approver", "validator")
    made = [ApprovedRequestFactory.create() for _ in range(APPROVED)]
    made += [OpenRequestFactory.create() for _ in range(FURNISHED - APPROVED)]
    versions = more_models(made[0].release.version, count=MODELS - FURNISHED, versions=VERSIONS)
    more_entries(versions, ENTRIES)
    entries = 0
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as sequencer:
        while count := sequence_batch(sequencer):
            entries += count
    print(
        f"filled: {MODELS} models, {FURNISHED} with runs, gates and requests, {len(versions)} versions more, "
        f"{entries} entries, {time.perf_counter() - begin:.0f} s"
    )
    release, waiting = made[0].release, made[-1]
    pages = {
        "livez": "/livez",
        "home": "/",
        "models": "/models",
        "model": release.model.get_absolute_url(),
        "version": release.version.get_absolute_url(),
        "run": release.version.validation_runs.get().get_absolute_url(),
        "reviews": "/reviews",
        "review": waiting.get_absolute_url(),
        "releases": "/releases",
        "release": release.get_absolute_url(),
        "policy": waiting.policy_version.get_absolute_url(),
        "audit": "/audit",
        "api_models": "/api/v1/models",
    }
    return session_cookie(reader), pages


def read(connection: HTTPConnection, path: str, cookie: str) -> int:
    """Read one page to its end; return how many bytes it has."""
    connection.request("GET", path, headers={"Cookie": cookie})
    response = connection.getresponse()
    body = response.read()
    assert response.status == OK, f"{path} answers {response.status}"
    return len(body)


def latencies(port: int, path: str, cookie: str) -> tuple[float, float]:
    """Return the median and the 95th percentile in milliseconds, for one reader."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(WARM_UP):
        size = read(connection, path, cookie)
    taken = []
    for _ in range(REQUESTS):
        begin = time.perf_counter()
        read(connection, path, cookie)
        taken.append((time.perf_counter() - begin) * 1000)
    connection.close()
    cuts = statistics.quantiles(taken, n=20)
    print(f"{path:<32} p50 {cuts[9]:6.1f} ms   p95 {cuts[18]:6.1f} ms   {size / 1000:6.1f} kB")
    return cuts[9], cuts[18]


def rate(port: int, path: str, cookie: str) -> float:
    """Return requests a second with several readers."""
    counts = [0] * READERS
    end = time.perf_counter() + SECONDS

    def keep_reading(reader: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < end:
            read(connection, path, cookie)
            counts[reader] += 1
        connection.close()

    threads = [threading.Thread(target=keep_reading, args=(reader,)) for reader in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sum(counts) / SECONDS
    print(f"{path:<32} {found:6.0f} a second with {READERS} readers")
    return found


def main() -> None:
    """Measure, and print one line of JSON at the end."""
    figures: dict[str, float] = {}
    with installation():
        django.setup()
        cookie, pages = fill()
        with serving() as port:
            for name, path in pages.items():
                p50, p95 = latencies(port, path, cookie)
                figures |= {f"{name}_p50_ms": round(p50, 1), f"{name}_p95_ms": round(p95, 1)}
            for name in ("livez", "models", "review", "api_models"):
                figures[f"{name}_per_s"] = round(rate(port, pages[name], cookie))
    report("pages", figures)


if __name__ == "__main__":
    main()
