"""Everything the portal reads from its environment, in one frozen place.

`manage.py up` writes what it chose for an embedded installation to `HOME/run/environment.json` (0600);
variables of the process win over that file.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_VARIABLES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL", "BROKER_URL")


@dataclass(frozen=True)
class Environment:
    """The variables, their meaning and their defaults; `doctor` prints them."""

    home: Path
    """COUNTERSIGN_HOME: where state lives."""
    program: str | None
    """COUNTERSIGN_PROGRAM: web, worker, beat or sequencer, set by each of them at its start; None in commands."""
    database_url: str | None
    """DATABASE_URL: the app role's connection; None means the embedded server."""
    database_owner_url: str | None
    """DATABASE_OWNER_URL: used by `migrate` only."""
    database_sequencer_url: str | None
    """DATABASE_SEQUENCER_URL: used by `sequencer` only."""
    broker_url: str | None
    """BROKER_URL: pgmq:// or amqp://; None before `up` chose one."""
    debug: bool
    """DEBUG=1: error pages with tracebacks; never in production."""
    production: bool
    """PRODUCTION=1: refuse to start with weak settings; secure cookies and redirects."""
    allowed_hosts: tuple[str, ...]
    """ALLOWED_HOSTS: comma-separated."""
    public_url: str
    """PUBLIC_URL: how people reach the portal; used in links of documents and mails."""
    keys_dir: Path
    """KEYS_DIR: private keys, 0600."""
    blob_root: Path
    """BLOB_ROOT: the content-addressed store."""
    trusted_proxies: tuple[str, ...]
    """TRUSTED_PROXIES: addresses or networks, comma-separated, whose X-Forwarded-For and -Proto are believed."""
    cache_url: str | None
    """CACHE_URL: redis://…, where tries are counted; None counts them in the database."""
    max_upload_bytes: int
    """MAX_UPLOAD_BYTES: how large one uploaded file may be."""
    origin: str
    """LEDGER_ORIGIN: first line of every checkpoint."""
    metrics_token: str = field(repr=False)
    """METRICS_TOKEN: what a reader of /metrics sends as its bearer token; without it nobody reads them."""
    log_format: str
    """LOG_FORMAT: json, or text for people at a terminal."""


@dataclass(frozen=True)
class Needs:
    """Which of the secret variables and of the keys' files one program uses."""

    variables: frozenset[str]
    keys: frozenset[str] = frozenset()


PROGRAMS: Mapping[str, Needs] = {
    "web": Needs(frozenset({"DATABASE_URL", "BROKER_URL"}), frozenset({"secret_key", "decision.key"})),
    "worker": Needs(frozenset({"DATABASE_URL", "BROKER_URL"})),
    "beat": Needs(frozenset({"BROKER_URL"})),
    "sequencer": Needs(
        frozenset({"DATABASE_URL", "DATABASE_SEQUENCER_URL", "BROKER_URL"}), frozenset({"checkpoint.key"})
    ),
}
"""The programs that run all the time; a person's command uses what it needs of all that the person can read."""


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Return the environment from process variables, completed by what `up` chose for this home."""
    home = Path(variables.get("COUNTERSIGN_HOME", BASE_DIR / "var")).resolve()
    program = variables.get("COUNTERSIGN_PROGRAM") or None
    if program and program not in PROGRAMS:
        raise ValueError(f"COUNTERSIGN_PROGRAM is {program!r}; it is one of {', '.join(PROGRAMS)}, or unset.")
    values = _chosen_by_up(home, variables, program) | dict(variables)
    public_url = values.get("PUBLIC_URL", f"http://127.0.0.1:{values.get('PORT', '8000')}")
    return Environment(
        home=home,
        program=program,
        database_url=values.get("DATABASE_URL"),
        database_owner_url=values.get("DATABASE_OWNER_URL"),
        database_sequencer_url=values.get("DATABASE_SEQUENCER_URL"),
        broker_url=values.get("BROKER_URL"),
        debug=values.get("DEBUG") == "1",
        production=values.get("PRODUCTION") == "1",
        allowed_hosts=tuple(h for h in values.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h),
        public_url=public_url.rstrip("/"),
        keys_dir=Path(values.get("KEYS_DIR", home / "keys")),
        blob_root=Path(values.get("BLOB_ROOT", home / "blobs")),
        trusted_proxies=tuple(p.strip() for p in values.get("TRUSTED_PROXIES", "").split(",") if p.strip()),
        cache_url=values.get("CACHE_URL") or None,
        max_upload_bytes=int(values.get("MAX_UPLOAD_BYTES", 5 * 1024**3)),
        origin=values.get("LEDGER_ORIGIN", "countersign.local/ledger"),
        metrics_token=values.get("METRICS_TOKEN", ""),
        log_format="text" if values.get("LOG_FORMAT") == "text" else "json",
    )


def needed_by(program: str | None) -> frozenset[str]:
    """Return the secret variables that a program uses; a person's command may use all."""
    return PROGRAMS[program].variables if program else frozenset(SECRET_VARIABLES)


def _chosen_by_up(home: Path, variables: Mapping[str, str], program: str | None) -> dict[str, str]:
    """Return what `up` chose; a program takes no more of it than it needs, and opens nothing when it was given that."""
    needed, path = needed_by(program), home / "run" / "environment.json"
    if (program and needed <= variables.keys()) or not os.access(path, os.R_OK):
        return {}
    chosen: dict[str, str] = json.loads(path.read_text())
    return {name: value for name, value in chosen.items() if name in needed or name not in SECRET_VARIABLES}
