"""The whole portal as a new user starts it, and as a crash leaves it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from portal.env import BASE_DIR, PROGRAMS, SECRET_VARIABLES
from portal.runtime.processes import marked
from portal.runtime.soundness import MISCONFIGURED

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


class Portal:
    """One home, one port, and the `up` that serves them."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.environment = {**environment, "COUNTERSIGN_HOME": str(home), "PORT": str(self.port)}
        self.running: list[subprocess.Popen[str]] = []

    def up(self) -> subprocess.Popen[str]:
        """Start another `up`."""
        process = subprocess.Popen(
            [sys.executable, "-u", str(BASE_DIR / "manage.py"), "up"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.running.append(process)
        return process

    def up_and_ready(self) -> tuple[subprocess.Popen[str], list[str]]:
        """Start `up` and return it with its lines when it says that the portal runs."""
        process, lines = self.up(), []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "Countersign runs at" in line:
                return process, lines
        raise AssertionError("".join(lines))

    def status(self, path: str) -> int | None:
        """Return the status of a GET, None when nobody answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def life(self) -> str:
        """Return the mark of the present life's processes."""
        life: str = json.loads((self.home / "run" / "up.json").read_text())["life"]
        return life


@pytest.fixture
def portal(folder: Path, bare_environment: dict[str, str]) -> Iterator[Portal]:
    portal = Portal(folder / "home", bare_environment)
    yield portal
    for process in portal.running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def became_ready(portal: Portal) -> bool:
    """Wait for the programs behind the web server, the sequencer above all."""
    deadline = time.monotonic() + 60
    while (status := portal.status("/readyz")) != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    return status == 200


def gone(life: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while marked(life) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not marked(life)


def programs_seen(portal: Portal, life: str) -> set[str]:
    """Ask the kernel what every process was given and which files it holds open; return which programs these are."""
    seen = set()
    secrets = {str(path) for path in (portal.home / "keys").iterdir()} | {str(portal.home / "run/environment.json")}
    for process in marked(life):
        folder = Path("/proc") / str(process)
        with suppress(OSError):  # ended meanwhile
            variables = dict(part.split("=", 1) for part in (folder / "environ").read_text().split("\0") if "=" in part)
            if (program := variables.get("COUNTERSIGN_PROGRAM")) is None:
                continue  # a command of `up`, on its way to its end
            seen.add(program)
            assert variables.keys() & set(SECRET_VARIABLES) == PROGRAMS[program].variables, program
            held = {str(entry.readlink()) for entry in (folder / "fd").iterdir()}
            assert not held & secrets, program
    return seen


def test_a_portal_starts_refuses_a_second_survives_its_own_murder_and_stops(portal: Portal) -> None:
    first, lines = portal.up_and_ready()
    assert became_ready(portal)
    assert any("create_admins" in line for line in lines)
    life = portal.life()
    deadline = time.monotonic() + 60
    while len(marked(life)) < 8:  # web, workers, their children, beat, sequencer: all but the first start behind it
        assert time.monotonic() < deadline, "not every program started"
        time.sleep(0.1)
    while programs_seen(portal, life) != set(PROGRAMS):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    secrets = [*(portal.home / "keys").iterdir(), portal.home / "run" / "environment.json"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in secrets)

    second = portal.up()
    told = second.communicate(timeout=60)[0]
    assert second.returncode != 0
    assert f"already runs at http://127.0.0.1:{portal.port}" in told

    first.kill()
    first.wait()
    assert gone(life, 10), "the kernel ends children and grandchildren"
    assert portal.status("/livez") is None

    begin = time.monotonic()
    third, _ = portal.up_and_ready()
    assert became_ready(portal)
    assert time.monotonic() - begin < 60
    life = portal.life()
    third.send_signal(signal.SIGINT)
    rest = third.communicate(timeout=60)[0]
    assert third.returncode == 0
    stopped = [line.split()[0] for line in rest.splitlines() if line.endswith("stopped")]
    assert stopped == ["sequencer", "beat", "long-worker", "worker", "web", "PostgreSQL"]
    assert gone(life, 1)


def test_a_taken_port_is_told_with_a_free_one(portal: Portal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", portal.port))
        taken.listen()
        told = portal.up().communicate(timeout=60)[0]
    assert f"Port {portal.port} is taken by another program: make run PORT=" in told
    assert not (portal.home / "postgres").exists()


def test_what_is_unsafe_in_production_is_told_at_once_and_nothing_starts(portal: Portal) -> None:
    portal.environment |= {"PRODUCTION": "1", "DEBUG": "1"}
    process = portal.up()
    told = process.communicate(timeout=120)[0]
    assert process.returncode == MISCONFIGURED
    assert "debug: on. DEBUG=1 shows values to everybody" in told
    assert portal.status("/livez") is None


def test_half_a_set_of_database_urls_is_refused_in_words(portal: Portal) -> None:
    portal.environment["DATABASE_URL"] = "postgresql://somebody@127.0.0.1:1/countersign"
    process = portal.up()
    told = process.communicate(timeout=60)[0]
    assert process.returncode != 0
    assert "DATABASE_URL is set, so DATABASE_OWNER_URL, DATABASE_SEQUENCER_URL, BROKER_URL must be set, too." in told


def test_leftovers_that_carry_the_mark_of_a_former_life_are_ended_and_others_are_not(portal: Portal) -> None:
    run = portal.home / "run"
    run.mkdir(parents=True)
    sleep = [sys.executable, "-c", "import time; time.sleep(100)"]
    ours = subprocess.Popen(sleep, env={**os.environ, "COUNTERSIGN_LIFE": "former"})
    other = subprocess.Popen(sleep)
    (run / "up.json").write_text(json.dumps({"process": 1, "url": "", "life": "former"}))
    # A record whose number was given to another process since: the start time differs.
    (run / "worker.json").write_text(json.dumps({"process": other.pid, "group": other.pid, "started": 1}))
    portal.environment["DATABASE_URL"] = "postgresql://makes-up-stop-after-reaping/"
    told = portal.up().communicate(timeout=60)[0]
    assert "1 processes of a former start ended" in told
    assert ours.wait(5) == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait()
