"""What this web process counts, and the page on which all processes' counts and the installation's figures stand.

Granian runs several processes: each writes its counts to a file of its own in one folder (portal/wsgi.py names it),
and whichever answers sums them.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from django.db import connection
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from portal.overviews.figures import Figure

PREFIX = "countersign"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_COUNTED = CollectorRegistry()
_REQUESTS = Histogram(
    "http_request_seconds",
    "Time from a request to the beginning of its answer.",
    ["route", "method", "status"],
    namespace=PREFIX,
    registry=_COUNTED,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
_POOL = Gauge(
    "database_pool_connections",
    "Connections in the web processes' pools: open, idle, and requests that wait for one.",
    ["state"],
    namespace=PREFIX,
    registry=_COUNTED,
    multiprocess_mode="livesum",
)


def count_request(*, route: str, method: str, status: int, seconds: float) -> None:
    """Count an answer; `status` is told by its class."""
    _REQUESTS.labels(route, method, f"{status // 100}xx").observe(seconds)
    pool = getattr(connection, "pool", None)
    if pool is not None:
        stats = pool.get_stats()
        for state, name in (("open", "pool_size"), ("idle", "pool_available"), ("waiting", "requests_waiting")):
            _POOL.labels(state).set(stats.get(name, 0))


def exposition(figures: Iterable[Figure]) -> bytes:
    """Return the page in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_Families(figures))
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder is None:
        return generate_latest(_COUNTED) + generate_latest(registry)
    _forget_the_dead(Path(folder))
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """Leave out what ended processes had open; what they counted stays."""
    for path in folder.glob("gauge_live*_*.db"):
        process = path.stem.rpartition("_")[2]
        if not Path("/proc", process).exists():
            mark_process_dead(process, path=str(folder))  # type: ignore[no-untyped-call]


class _Families(Collector):
    """The installation's figures as gauges."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = list(figures)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for figure in self._figures:
            name = f"{PREFIX}_{figure.name}"
            labels = list(figure.labels)
            family = families.setdefault(name, GaugeMetricFamily(name, figure.meaning, labels=labels))
            family.add_metric(list(figure.labels.values()), figure.value)
        return families.values()
