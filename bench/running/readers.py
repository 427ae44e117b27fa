"""Readers of a served portal: one request after another, timed."""

import json
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

REQUESTS, WARM_UP = 40, 24
"""After the warm-up every connection has its statements prepared, as in a portal that is in use."""
PATIENCE = 20.0
"""Seconds that one page may take in all; a slow one is asked less often."""
LEAST = 8
DONE = (200, 201)


@dataclass(frozen=True)
class Asked:
    """What is asked of the server, with which headers; a body makes it a POST."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    def send(self, connection: HTTPConnection) -> int:
        """Ask, and read the answer to its end; return how many bytes it has."""
        if self.body is None:
            connection.request("GET", self.path, headers=dict(self.headers))
        else:
            headers = {**self.headers, "Content-Type": "application/json"}
            connection.request("POST", self.path, body=json.dumps(self.body), headers=headers)
        response = connection.getresponse()
        body = response.read()
        assert response.status in DONE, f"{self.path} answers {response.status}: {body[:300]!r}"
        return len(body)


def latencies(port: int, asked: Asked) -> tuple[float, float]:
    """Return the median and the 95th percentile in milliseconds, for one reader."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    size = _repeat(connection, asked, WARM_UP)[0]
    taken = _repeat(connection, asked, REQUESTS)[1]
    connection.close()
    cuts = statistics.quantiles(taken, n=20)
    print(f"{asked.path[:58]:<58} p50 {cuts[9]:6.1f} ms   p95 {cuts[18]:6.1f} ms   {size / 1000:6.1f} kB", flush=True)
    return cuts[9], cuts[18]


def figures_of(port: int, pages: Mapping[str, Asked]) -> dict[str, float]:
    """Return `<page>_p50_ms` and `<page>_p95_ms` of each page in turn."""
    figures: dict[str, float] = {}
    for name, asked in pages.items():
        p50, p95 = latencies(port, asked)
        figures |= {f"{name}_p50_ms": round(p50, 1), f"{name}_p95_ms": round(p95, 1)}
    return figures


def _repeat(connection: HTTPConnection, asked: Asked, times: int) -> tuple[int, list[float]]:
    """Ask so many times, or as long as patience lasts; return the size of an answer and the milliseconds of each."""
    taken: list[float] = []
    size, start = 0, time.perf_counter()
    while len(taken) < times and (len(taken) < LEAST or time.perf_counter() - start < PATIENCE):
        begin = time.perf_counter()
        size = asked.send(connection)
        taken.append((time.perf_counter() - begin) * 1000)
    return size, taken
