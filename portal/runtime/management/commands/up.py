"""Start everything on one machine, keep it running, stop it in reverse."""

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.parentage import die_with_parent
from portal.env import BASE_DIR
from portal.runtime import demo as demo_data
from portal.runtime import installation, postgres
from portal.runtime.keys import make_keys
from portal.runtime.processes import MARK
from portal.runtime.roles import show_messages_again
from portal.runtime.soundness import MISCONFIGURED
from portal.runtime.supervisor import Supervisor, reap

_READY_SECONDS = 90
_AGAIN_SECONDS = 10


class Command(BaseCommand):
    help = "Start PostgreSQL (unless DATABASE_URL is set), web, workers, beat and sequencer; Ctrl-C stops them."
    requires_system_checks: list[str] = []
    _signals = 0
    _server: postgres.Server | None = None
    _server_again_at = 0.0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="fill an empty portal with demo data once it is ready")

    def handle(self, **options: Any) -> None:
        signal.signal(signal.SIGINT, self._heed)
        signal.signal(signal.SIGTERM, self._heed)
        self.home, self.port = settings.HOME, int(os.environ.get("PORT", "8000"))
        self.run, self.logs = self.home / "run", self.home / "log"
        self.home.mkdir(mode=0o711, parents=True, exist_ok=True)  # as root, the database's user passes through
        for folder in (self.run, self.logs, settings.BLOB_ROOT, settings.STATIC_ROOT):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._only_one():
            self._reap()
            self._refuse_taken_port()
            self._live(demo=options["demo"])

    def _heed(self, *_: object) -> None:
        self._signals += 1

    def _step(self, name: str, text: str) -> None:
        with suppress(OSError):  # where it goes to a file on a full disk: the portal works on
            self.stdout.write(f"  {name:<12} {text}")
            self.stdout.flush()

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        """Hold the home's lock, which the kernel lets go when we die, or say who holds it."""
        with (self.run / "up.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                told = self._former()
                raise CommandError(
                    f"Countersign already runs at {told.get('url')} (process {told.get('process')}, {self.home})."
                ) from None
            yield

    def _former(self) -> dict[str, Any]:
        """Return what the present or former holder of the lock wrote about itself."""
        path = self.run / "up.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def _reap(self) -> None:
        """End what a killed predecessor left; then write down who we are."""
        if count := reap(self.run, self._former().get("life", "")):
            self._step("Leftovers", f"{count} processes of a former start ended")
        self.life, self.url = secrets.token_hex(8), f"http://127.0.0.1:{self.port}"
        told = {"process": os.getpid(), "url": self.url, "life": self.life}
        installation.write_private(self.run / "up.json", told)

    def _refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                free = next(port for port in range(self.port + 1, self.port + 100) if _is_free(port))
                raise CommandError(f"Port {self.port} is taken by another program: make run PORT={free}") from None

    def _live(self, *, demo: bool) -> None:
        try:
            variables = self._prepare()
            # Celery would check the whole project at each start, for seconds; `make lint` does.
            environment = {**variables, MARK: self.life, "CELERY_SKIP_CHECKS": "1"}
            installation.require_sound(environment, self.port)
            supervisor = Supervisor(self.run, self.logs, BASE_DIR, environment, lambda text: self._step("", text))
            try:
                web, *others = installation.programs(self.port)
                supervisor.start(web)  # first alone: starting is work for the cores, and people wait for pages
                self._await_ready(supervisor)
                for program in others:
                    if not self._signals:
                        supervisor.start(program)
                if demo:
                    self._fill(variables)
                self._welcome(variables)
                while not self._signals:
                    supervisor.tend()
                    self._tend_server()
                    time.sleep(0.1)
            finally:
                self._step("Stopping", "in order; Ctrl-C again stops at once")
                stops = self._signals
                supervisor.stop(hurry=lambda: self._signals > max(stops, 1))
        except installation.Unsound as problem:
            raise CommandError(str(problem), returncode=MISCONFIGURED) from problem
        except (postgres.PostgresUnusable, installation.EnvironmentIncomplete) as problem:
            raise CommandError(str(problem)) from problem
        finally:
            if self._server is not None:
                self._server.stop()
                self._step("", "PostgreSQL stopped")

    def _prepare(self) -> dict[str, str]:
        """Make keys, database, roles, queue and tables; return the variables of every child."""
        if made := make_keys(settings.KEYS_DIR):
            self._step("Keys", f"made in {settings.KEYS_DIR}: {', '.join(made)}")
        chosen = {"COUNTERSIGN_HOME": str(self.home), "PORT": str(self.port)}
        chosen["PUBLIC_URL"] = os.environ.get("PUBLIC_URL", self.url)
        if installation.needs_embedded_server(os.environ):
            self._start_server()
            assert self._server is not None  # noqa: S101
            chosen |= installation.embedded_variables(self._server, os.environ)
            installation.bootstrap_databases(self._server, chosen)
            self._step("Databases", "three roles, tables and queue apart")
            installation.write_private(self.run / "environment.json", chosen)
        variables = {**os.environ, **chosen}
        if pending := installation.pending_migrations(variables["DATABASE_OWNER_URL"]):
            if status := self._manage(["migrate", "--no-input", "--skip-checks", "-v0"], variables):
                raise CommandError(f"migrate ended with status {status}.")
            self._step("Migrations", f"{pending} applied")
        if installation.lacks(variables["DATABASE_OWNER_URL"], "governance_policyversion"):
            if status := self._manage(["ensure_policies", "-v0"], variables):
                raise CommandError(f"ensure_policies ended with status {status}.")
            self._step("Policy", "the default one is published")
        if installation.lacks(variables["DATABASE_OWNER_URL"], "keys_publickey"):
            if status := self._manage(["register_keys", "-v0"], variables):
                raise CommandError(f"register_keys ended with status {status}.")
            self._step("Public keys", "registered")
        if self._server is not None and variables["BROKER_URL"].startswith("pgmq://"):
            again = show_messages_again(variables["BROKER_URL"])
            self._step("Queue", f"{again} messages of a former start given out again" if again else "ready")
        return variables

    def _manage(self, arguments: list[str], variables: dict[str, str]) -> int:
        """Run another command to its end, or to ours; return its status."""
        parent = os.getpid()
        child = subprocess.Popen(
            [sys.executable, str(BASE_DIR / "manage.py"), *arguments],
            env={**variables, MARK: self.life},
            cwd=BASE_DIR,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509  (we have no threads)
        )
        while child.poll() is None and not self._signals:
            self._tend_server()
            time.sleep(0.02)
        if child.poll() is None:
            child.terminate()
        return child.wait()

    def _start_server(self) -> None:
        begin = time.monotonic()
        self._server = postgres.start(self.home / "postgres", hurry=lambda: self._signals > 0)
        while self._server.process is None:
            # Of a predecessor that was killed this instant: it ends with it.
            time.sleep(0.2)
            self._server = postgres.start(self.home / "postgres", hurry=lambda: self._signals > 0)
            if time.monotonic() - begin > _READY_SECONDS:
                raise CommandError(f"Another program keeps the database in {self.home}/postgres running.")
        self._step("PostgreSQL", f"started in {time.monotonic() - begin:.1f} s at {self._server.sockets}")

    def _tend_server(self) -> None:
        process = self._server.process if self._server is not None else None
        if process is not None and process.poll() is not None and time.monotonic() >= self._server_again_at:
            self._step("", f"PostgreSQL ended with status {process.returncode}; it is started again")
            try:
                self._server = postgres.start(self.home / "postgres", hurry=lambda: self._signals > 0)
            except postgres.PostgresUnusable as problem:  # a disk that is full, say: it may have room later
                self._step("", f"{problem} Again in {_AGAIN_SECONDS} s.")
                self._server_again_at = time.monotonic() + _AGAIN_SECONDS

    def _await_ready(self, supervisor: Supervisor) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        answer = "nothing"
        while not self._signals:
            supervisor.tend()
            ready, answer = _ask_ready(self.port, answer)
            if ready:
                self._step("Web", f"ready; {len(installation.programs(self.port)) - 1} programs start behind it")
                return
            if time.monotonic() > deadline:
                raise CommandError(f"Not ready after {_READY_SECONDS} s; /readyz says {answer}; see {self.logs}.")
            time.sleep(0.05)

    def _fill(self, variables: dict[str, str]) -> None:
        """Fill an empty portal with the demo; one that has people is left alone."""
        if self._signals or not installation.lacks(variables["DATABASE_OWNER_URL"], "accounts_user"):
            return
        if (status := self._manage(["demo", "--no-logins"], variables)) > 0:
            self._step("Demo", f"ended with status {status}; the portal runs on without it")

    def _welcome(self, variables: dict[str, str]) -> None:
        if self._signals:
            return
        lines = [
            f"\nCountersign runs at {self.url}  (Ctrl-C stops it; logs in {self.logs})",
            *demo_data.told(self.home),
        ]
        if installation.lacks(variables["DATABASE_OWNER_URL"], "accounts_user"):
            home = "" if self.home == BASE_DIR / "var" else f"COUNTERSIGN_HOME={self.home} "
            lines.insert(0, f"Make the first two admins: {home}{sys.executable} manage.py create_admins")
        self.stdout.write("\n".join(lines) + "\n")
        self.stdout.flush()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _ask_ready(port: int, former: str) -> tuple[bool, str]:
    """Return whether /readyz misses nothing but the sequencer, which starts later, and what it said.

    It is the former answer while nobody answers.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    host = next((name for name in settings.ALLOWED_HOSTS if name != "*"), "127.0.0.1").lstrip(".")
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        response = connection.getresponse()
        text = response.read(4000).decode(errors="replace")
        told = json.loads(text)
        return set(told["failing"]) <= {"sequencer"}, text
    except (ValueError, KeyError):
        return False, text
    except (OSError, HTTPException):
        return False, former
    finally:
        connection.close()
