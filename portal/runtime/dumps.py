"""PostgreSQL's own programs for dumps: those that fit the server; no password stands on a command line."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from portal.runtime.postgres import program_folders

_WAIT_MILLISECONDS = 60_000
"""How long a dump waits for a table that a migration holds."""


class BackupRefused(RuntimeError):
    """Something cannot be saved or restored; the message says why and what to do."""


def server_major(connection: psycopg.Connection) -> int:
    """Return the major version of the server."""
    return connection.info.server_version // 10_000


def program(name: str, major: int) -> Path:
    """Return the program of the lowest major version that fits a server of this one: the same or a later one."""
    on_path = shutil.which(name)
    folders = [*program_folders(), *([Path(on_path).parent] if on_path else [])]
    found = [(made_by, folder / name) for folder in folders if (made_by := _major(folder / name)) >= major]
    if not found:
        raise BackupRefused(
            f"There is no {name} of PostgreSQL {major} or later here. Install it (Debian: apt-get install "
            f"postgresql-client-{major}), or run this where the server's programs are."
        )
    return min(found)[1]


def dump(*, url: str, snapshot: str, target: Path, major: int) -> None:
    """Write the database as the exported snapshot shows it, in pg_restore's own format."""
    options = ["--format=custom", f"--snapshot={snapshot}", f"--lock-wait-timeout={_WAIT_MILLISECONDS}"]
    _run(program("pg_dump", major), [*options, f"--file={target}"], url)


def load(*, url: str, source: Path, major: int) -> None:
    """Load a dump into an empty database as the role of the URL, which then owns everything: whole or not at all."""
    options = ["--no-owner", "--exit-on-error", "--single-transaction"]
    _run(program("pg_restore", major), [*options, str(source)], url)


def _major(path: Path) -> int:
    """Return the program's major version; 0 where there is none that runs."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.search(r"(\d+)", said)
    return int(match[1]) if match else 0


def _run(path: Path, options: list[str], url: str) -> None:
    """Run the program against the database of the URL."""
    target = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    password = target.pop("password", None)
    command = [str(path), "--no-password", f"--dbname={make_conninfo(**target)}", *options]
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise BackupRefused(f"{path.name} ended with status {ended.returncode}: {ended.stderr.strip()}")
