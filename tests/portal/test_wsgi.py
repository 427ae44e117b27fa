"""The web server as it is started: two processes that count as one, and say what fails when the database is away."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from portal.env import BASE_DIR
from tests.databases import METRICS_TOKEN


class Server:
    """Granian with two processes."""

    def __init__(self, log: Path, variables: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", "granian", "--interface=wsgi", f"--port={self.port}", "--workers=2"]
        command += ["--blocking-threads=16", "--respawn-failed-workers", "--respawn-interval=0.2", "--no-ws"]
        command += ["--log-config", "portal/runtime/granian.json", "portal.wsgi:application"]
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=BASE_DIR, env=os.environ | variables, stdout=output, stderr=output, start_new_session=True
            )
        self.await_answer()

    def get(self, path: str) -> tuple[int, str]:
        """Ask on a connection of its own, so that either process may answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def await_answer(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                self.get("/accounts/nothing")
            except (OSError, HTTPException):
                time.sleep(0.1)
            else:
                return
        raise AssertionError(self.log.read_text())

    def counted(self, route: str) -> float:
        """Return how many requests of a route the metrics tell."""
        status, text = self.get("/metrics")
        assert status == 200
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        name = "countersign_http_request_seconds_count"
        return sum(sample.value for sample in samples if sample.name == name and sample.labels["route"] == route)


def await_end(pid: int) -> None:
    """Wait until a killed process holds no connection any more: it is gone, or a zombie."""
    stat = Path(f"/proc/{pid}/stat")
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers in a home of their own; stop them afterwards."""
    started: list[Server] = []

    def start(**variables: str) -> Server:
        home = {"COUNTERSIGN_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "portal.settings"}
        started.append(Server(tmp_path / f"{len(started)}.log", home | variables))
        return started[-1]

    yield start
    for server in [one for one in started if one.process.poll() is None]:
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()


@pytest.mark.django_db(transaction=True)
def test_two_processes_count_as_one_also_when_one_of_them_is_killed(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve()
    for _ in range(40):
        assert server.get("/livez")[0] == 200
    assert {server.counted("livez") for _ in range(10)} == {40}
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    workers = [int(child) for child in children if "resource_tracker" not in command_of(child)]
    assert len(workers) == 2, [command_of(child) for child in children]
    os.kill(workers[0], signal.SIGKILL)
    await_end(workers[0])
    for _ in range(10):
        server.await_answer()
        assert server.get("/livez")[0] == 200
    assert {server.counted("livez") for _ in range(10)} == {50}
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {"portal.access", "_granian"} <= {line["logger"] for line in lines}
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    another = serve()
    assert another.counted("livez") == 0
    assert len(list((tmp_path / "run" / "metrics").iterdir())) == 1, "what a former server counted is removed"


def test_without_a_database_metrics_and_readiness_answer_in_time(serve: Callable[..., Server]) -> None:
    server = serve(DATABASE_URL="postgresql://app:s3cret@127.0.0.1:1/nothing")
    begin = time.monotonic()
    status, text = server.get("/readyz")
    assert time.monotonic() - begin < 8
    assert (status, json.loads(text)["probes"]["database"] != "answers") == (503, True)
    assert not {"s3cret", "127.0.0.1"} & set(text.replace(":", " ").split())
    begin = time.monotonic()
    assert server.counted("readyz") == 1
    assert 'countersign_part_answers{part="ledger"} 0.0' in server.get("/metrics")[1]
    assert time.monotonic() - begin < 12
    assert server.get("/livez") == (200, "alive\n")


def test_who_sends_slowly_leaves_threads_for_pages_and_probes(serve: Callable[..., Server]) -> None:
    server = serve()
    head = b"POST /csp-report HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\nx"
    with ExitStack() as open_sockets:
        for _ in range(64):
            slow = open_sockets.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            slow.sendall(head)
        time.sleep(1)
        begin = time.monotonic()
        for _ in range(20):
            assert server.get("/livez") == (200, "alive\n")
        assert time.monotonic() - begin < 10
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert 503 in {line.get("status") for line in lines}, "who found no room was told so"


def test_a_body_that_is_too_large_does_not_spoil_the_next_request(serve: Callable[..., Server]) -> None:
    connection = HTTPConnection("127.0.0.1", serve().port, timeout=20)
    for _ in range(3):
        connection.request("POST", "/csp-report", b"x" * 60_000)
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Connection"), answer.read()) == (413, "close", b"")
        connection.request("GET", "/livez")
        assert connection.getresponse().read() == b"alive\n"


def command_of(process: str) -> str:
    return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
