import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.runtime import postgres


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    servers: list[postgres.Server] = []
    path = folder / "postgres"
    yield path
    for server in servers:
        server.stop()
    if path.exists() and (path / "data" / "postmaster.pid").exists():
        os.kill(int((path / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)


def rows(server: postgres.Server) -> list[tuple[int]]:
    with psycopg.connect(server.url()) as connection:
        return connection.execute("SELECT id FROM kept ORDER BY id").fetchall()


def write_row(server: postgres.Server, number: int) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def test_a_killed_server_keeps_its_rows_and_starts_again(home: Path) -> None:
    server = postgres.start(home)
    write_row(server, 1)
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    again = postgres.start(home)
    assert rows(again) == [(1,)]
    write_row(again, 2)
    again.stop()
    third = postgres.start(home)
    assert rows(third) == [(1,), (2,)]
    third.stop()


def test_start_is_given_up_when_told_and_leaves_no_server(home: Path) -> None:
    postgres.start(home, fast=True).stop()
    with pytest.raises(postgres.PostgresUnusable):
        postgres.start(home, fast=True, hurry=lambda: True)
    assert not (home / "data" / "postmaster.pid").exists()


def test_two_starts_share_one_server(home: Path) -> None:
    first, second = postgres.start(home, fast=True), postgres.start(home, fast=True)
    assert first.process is not None
    assert second.process is None
    assert first.url() == second.url()
    second.stop()
    write_row(first, 1)
    first.stop()


def test_a_long_path_gets_a_short_socket(folder: Path) -> None:
    server = postgres.start(folder / ("deep" * 20) / ("deeper" * 10), fast=True)
    assert len(str(server.sockets)) < 60
    write_row(server, 1)
    server.stop()
    server.sockets.rmdir()


def test_the_server_ends_with_the_process_that_started_it(home: Path) -> None:
    script = "import sys, time, pathlib; from portal.runtime import postgres\n"
    script += "postgres.start(pathlib.Path(sys.argv[1]), fast=True); print('up', flush=True); time.sleep(60)"
    owner = subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, cwd=Path.cwd())
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"up\n"
    process = int((home / "data" / "postmaster.pid").read_text().split()[0])
    owner.kill()
    owner.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{process}/exe").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not (home / "data" / "postmaster.pid").exists()


def test_a_number_that_now_belongs_to_another_process_does_not_keep_the_server_from_starting(home: Path) -> None:
    server = postgres.start(home, fast=True)
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    note = home / "data" / "postmaster.pid"
    note.write_text("\n".join([str(os.getppid()), *note.read_text().splitlines()[1:]]))
    again = postgres.start(home, fast=True)
    again.stop()


def test_a_server_that_stops_for_ever_does_not_keep_the_next_one_from_starting(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = postgres.start(home)
    write_row(server, 1)
    assert server.process is not None
    with psycopg.connect(server.url()) as connection:
        child = connection.info.backend_pid
        os.kill(child, signal.SIGSTOP)  # a stop waits for its sessions, and this one never ends by itself
        server.process.send_signal(signal.SIGINT)
        monkeypatch.setattr(postgres, "_START_SECONDS", 1)
        again = postgres.start(home)
    server.process.wait()
    assert rows(again) == [(1,)]
    assert again.process is not None
    again.stop()


def test_nobody_gets_in_without_the_password_and_nothing_listens_on_tcp(home: Path) -> None:
    server = postgres.start(home, fast=True)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url(password="guessed"))
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
    server.stop()
    assert (home / "superuser_password").stat().st_mode & 0o777 == 0o600
    assert (home / "data").stat().st_mode & 0o077 == 0


def test_a_data_directory_of_another_version_is_refused_with_words(home: Path) -> None:
    postgres.start(home, fast=True).stop()
    (home / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(postgres.PostgresUnusable, match=r"made by PostgreSQL 12.*pg_dumpall"):
        postgres.start(home, fast=True)


def test_half_an_initialisation_is_never_started(home: Path) -> None:
    home.mkdir()
    (home / "data-partial").mkdir()
    (home / "data-partial" / "PG_VERSION").write_text("18\n")
    server = postgres.start(home, fast=True)
    write_row(server, 1)
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change users")
def test_a_home_that_the_servers_user_cannot_enter_gets_a_place_elsewhere(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    server = postgres.start(tmp_path / "postgres", fast=True)
    write_row(server, 1)
    server.stop()
    assert server.place.parent == Path("/var/lib/countersign")
    again = postgres.start(tmp_path / "postgres", fast=True)
    assert rows(again) == [(1,)]
    again.stop()
    subprocess.run(["rm", "-rf", str(server.place)], check=True)
