"""What pages cost, through granian as `up` starts it. `python bench/pages.py`, two minutes.

<page>_p50_ms, <page>_p95_ms: one reader, one request after another. <page>_per_s: requests a second with four readers;
livez_per_s is the same server answering a page that does nothing, which no page can beat. Readers and server share the
machine's cores.
"""

import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

from bench import installation, order_entries, report, serving, session_cookie
from bench.running.readers import Asked, figures_of

FURNISHED, APPROVED = 60, 15
"""Models with runs, gates and requests, and how many of those requests are approved."""
MODELS, VERSIONS, ENTRIES = 1_000, 5, 200_000
"""In all: models, versions of each, entries of the ledger."""
READERS, SECONDS = 4, 3.0


def fill() -> dict[str, Asked]:
    """Make models with all that belongs to them, and their entries; return the pages and who reads them."""
    from tests.factories.accounts import person_with  # noqa: PLC0415
    from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory  # noqa: PLC0415
    from tests.factories.volume import more_entries, more_models  # noqa: PLC0415

    begin = time.perf_counter()
    reader = person_with("approver", "validator")
    made = [ApprovedRequestFactory.create() for _ in range(APPROVED)]
    made += [OpenRequestFactory.create() for _ in range(FURNISHED - APPROVED)]
    versions = more_models(made[0].release.version, count=MODELS - FURNISHED, versions=VERSIONS)
    more_entries(versions, ENTRIES)
    entries = order_entries()
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
    headers = {"Cookie": session_cookie(reader)}
    return {name: Asked(path, headers) for name, path in pages.items()}


def rate(port: int, asked: Asked) -> float:
    """Return requests a second with several readers."""
    counts = [0] * READERS
    end = time.perf_counter() + SECONDS

    def keep_reading(reader: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < end:
            asked.send(connection)
            counts[reader] += 1
        connection.close()

    threads = [threading.Thread(target=keep_reading, args=(reader,)) for reader in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sum(counts) / SECONDS
    print(f"{asked.path:<32} {found:6.0f} a second with {READERS} readers")
    return found


def main() -> None:
    """Measure, and print one line of JSON at the end."""
    with installation():
        django.setup()
        pages = fill()
        with serving() as port:
            figures = figures_of(port, pages)
            for name in ("livez", "models", "review", "api_models"):
                figures[f"{name}_per_s"] = round(rate(port, pages[name]))
    report("pages", figures)


if __name__ == "__main__":
    main()
