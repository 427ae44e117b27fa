"""A busy portal is saved, put into a second home, started there, and written to; a third one was cut back."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import psycopg
import pytest

from portal.env import BASE_DIR
from portal.runtime import postgres
from tests.factories.accounts import PASSWORD
from tests.portal.runtime.filling import EMAIL

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SIZE = "SELECT max(size) FROM ledger_checkpoint"
RIGHTS = """
SELECT relname::text, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
UNION ALL SELECT proname::text, proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT tgrelid::regclass || '.' || tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'default ' || defaclobjtype::text, defaclacl::text FROM pg_default_acl
UNION ALL SELECT 'database', datacl::text FROM pg_database WHERE datname = current_database()
"""


class Home:
    """A portal's home and the commands run in it."""

    def __init__(self, path: Path, environment: dict[str, str]) -> None:
        self.path = path
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.environment = {**environment, "COUNTERSIGN_HOME": str(path), "PORT": self.url.rpartition(":")[2]}

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def done(self, *arguments: str) -> str:
        ended = self.manage(*arguments)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def filling(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.portal.runtime.filling", *arguments]
        return subprocess.Popen(command, env=self.environment, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        process = subprocess.Popen(
            [sys.executable, "-u", str(BASE_DIR / "manage.py"), "up"],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if "Countersign runs at" in line:
                break
        assert "Countersign runs at" in told[-1], "".join(told)
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)

    def asked(self, query: LiteralString) -> list[tuple[Any, ...]]:
        url = json.loads((self.path / "run" / "environment.json").read_text())["DATABASE_OWNER_URL"]
        with psycopg.connect(url) as connection:
            return connection.execute(query).fetchall()

    def rights(self) -> dict[str, list[str]]:
        return {name: sorted((said or "").strip("{}").split(",")) for name, said in self.asked(RIGHTS)}

    def signed_in(self) -> str:
        """Sign in as a browser does and return the page one lands on."""
        cookies = CookieJar()
        browser = build_opener(HTTPCookieProcessor(cookies))
        page = browser.open(f"{self.url}/accounts/login/").read().decode()
        token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        form = urlencode({"csrfmiddlewaretoken": token, "login": EMAIL, "password": PASSWORD}).encode()
        answer = browser.open(f"{self.url}/accounts/login/", form)
        assert answer.url == f"{self.url}/"
        landed: str = answer.read().decode()
        return landed


def test_a_busy_portal_comes_back_in_a_second_home(folder: Path, bare_environment: dict[str, str]) -> None:
    first, second, third = (Home(folder / name, bare_environment) for name in ("first", "second", "third"))
    saved, keys = folder / "saved", folder / "keys"
    with first.running():
        assert first.filling("5").wait(120) == 0
        busy = first.filling()
        assert busy.stdout is not None
        for _ in range(20):
            busy.stdout.readline()
        told = first.done("backup", str(saved), "--keys", str(keys))
        assert busy.poll() is None, "it was busy all the time"
        time.sleep(1)
        busy.terminate()
        busy.communicate()
        assert "Saved in" in told
        rights = first.rights()
        _look_at(saved, keys)
    with_checkpoints = shutil.copytree(first.path / "checkpoints", third.path / "checkpoints")

    told = second.done("restore", str(saved), "--keys", str(keys))
    assert "every digest holds" in told
    assert "Ledger       intact: " in told
    with second.running():
        assert "Sign out" in second.signed_in()
        assert second.rights() == rights
        before = second.asked(SIZE)
        assert second.filling("1").wait(120) == 0
        deadline = time.monotonic() + 60
        while second.asked(SIZE) <= before and time.monotonic() < deadline:
            time.sleep(0.2)
        assert second.asked(SIZE) > before, "the sequencer goes on"
        assert second.done("verify_ledger").startswith("intact: ")

    _cut_back(third, saved, keys, with_checkpoints)


def _look_at(saved: Path, keys: Path) -> None:
    """Keys are apart and private; every blob that the dump names is there."""
    assert not [path for path in saved.rglob("*") if path.suffix == ".key" or path.name == "secret_key"]
    assert {path.name for path in keys.iterdir()} >= {"checkpoint.key", "decision.key", "encryption.key", "secret_key"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (*keys.iterdir(), *saved.iterdir(), saved, keys))
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "blobs.sha256"], cwd=saved, check=False)
    assert checked.returncode == 0
    assert json.loads((saved / "manifest.json").read_text())["blobs"] >= 20


def _cut_back(home: Home, saved: Path, keys: Path, checkpoints: Path) -> None:
    """A home whose checkpoints survived and reach farther than the backup: people decide, then it goes on."""
    newest = (checkpoints / "latest").read_text()
    restored = home.manage("restore", str(saved), "--keys", str(keys))
    assert restored.returncode != 0
    assert "those of this home stay" in restored.stdout
    assert "manage.py ledger_recover" in restored.stderr
    assert (checkpoints / "latest").read_text() == newest
    server = postgres.start(home.path / "postgres")
    try:
        assert "ledger_recover" in home.manage("doctor").stdout
        assert "Epoch 2 begins at entry" in home.done("ledger_recover", "--yes")
        told = home.done("verify_ledger")
    finally:
        server.stop()
    assert told.startswith("intact: ")
    assert "of epoch 1, as entry" in told


def test_a_damaged_backup_is_refused_before_anything_is_touched(folder: Path, bare_environment: dict[str, str]) -> None:
    home = Home(folder / "home", bare_environment)
    nothing = home.manage("restore", str(folder / "nowhere"))
    assert "has no manifest.json" in nothing.stderr
    assert not (home.path / "postgres").exists()
    assert "No portal has run in" in home.manage("backup", str(folder / "saved")).stderr
    assert not (folder / "saved").exists()
