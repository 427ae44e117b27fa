"""A whole portal, and a RabbitMQ, that a bench starts and kills; and the processes that belong to them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench import ROOT, free_port

MANAGE = [sys.executable, "-u", str(ROOT / "manage.py")]
CAGE = str(ROOT / "portal" / "core" / "sandbox").encode()
READY, STARTS_WITHIN, STOPS_WITHIN = "Countersign runs at", 300, 60
Row = tuple[Any, ...]


@dataclass
class Portal:
    """A portal in a home of its own, started as a person starts it."""

    home: Path
    variables: dict[str, str]
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    lives: list[str] = field(default_factory=list)

    def start(self, *, demo: bool = False) -> None:
        """Start `up`, with the demo's data where told, and wait until it says that it runs."""
        log = self.home.parent / "up.log"
        before = log.read_text().count(READY) if log.exists() else 0
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*MANAGE, "up", *(["--demo"] if demo else [])], env=self.variables, stdout=output, stderr=output
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while log.read_text().count(READY) == before:
            assert self.process.poll() is None, f"`up` ended: {log.read_text()[-2000:]}{self.database_said()}"
            assert time.monotonic() < deadline, f"`up` did not start: {log.read_text()[-2000:]}"
            time.sleep(0.1)
        self.lives.append(json.loads((self.home / "run" / "up.json").read_text())["life"])

    def database_said(self) -> str:
        """Return the end of the server's log."""
        log = self.home / "postgres" / "postgres.log"
        return log.read_text()[-2000:] if log.exists() else ""

    def stop(self) -> None:
        """Stop as Ctrl-C does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOPS_WITHIN)

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of `manage.py` in this home."""
        return subprocess.run([*MANAGE, *arguments], env=self.variables, capture_output=True, text=True, check=False)

    def main_process(self, program: str) -> int | None:
        """Return the number of a program's living main process."""
        with suppress(OSError, ValueError):
            if program == "PostgreSQL":
                return alive(int((self.home / "postgres" / "data" / "postmaster.pid").read_text().split()[0]))
            return alive(int(json.loads((self.home / "run" / f"{program}.json").read_text())["process"]))
        return None

    def rows(self, query: str) -> list[Row]:
        """Read the tables as their owner."""
        url = json.loads((self.home / "run" / "environment.json").read_text())["DATABASE_OWNER_URL"]
        with psycopg.connect(url, connect_timeout=10) as connection:
            return connection.execute(query.encode()).fetchall()


@dataclass
class Rabbit:
    """A RabbitMQ for this bench alone: its own node, port and folder, so that it may be killed."""

    folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    port: int = 0

    def start(self) -> None:
        """Start it, or start it again, and wait until it takes connections."""
        self.port = self.port or free_port()
        own = {
            "RABBITMQ_NODENAME": f"chaos{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(self.port + 20000 if self.port < 40000 else self.port - 20000),  # noqa: PLR2004
            "RABBITMQ_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "HOME": str(self.folder),
        }
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "out.log").open("ab") as output:
            self.process = subprocess.Popen(
                ["/usr/lib/rabbitmq/bin/rabbitmq-server"], env={**os.environ, **own}, stdout=output, stderr=output
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, (self.folder / "out.log").read_text()[-2000:]
            assert time.monotonic() < deadline, "RabbitMQ did not start"
            time.sleep(0.2)

    def kill(self) -> None:
        """Kill the node and what it started."""
        assert self.process is not None
        for victim in [self.process.pid, *children(self.process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        self.process.wait()


def alive(process: int) -> int | None:
    """Return the number when the process lives."""
    with suppress(OSError):
        if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            return process
    return None


def children(process: int) -> list[int]:
    """Return the process's children, and theirs."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *children(child)]
    return found


def belonging(home: Path) -> list[int]:
    """Return the processes that work for this home, by environment or folder, and orphans of a cage."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with suppress(OSError):
                told = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                place = str((folder / "cwd").readlink())
                orphan = CAGE in told and (folder / "stat").read_text().rpartition(")")[2].split()[1] == "1"
                ours = str(home).encode() in told or place.startswith(str(home))
                if (ours or orphan) and alive(int(folder.name)):
                    found.append(int(folder.name))
    return found
