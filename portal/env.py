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


@dataclass(frozen=True)
class Environment:
    """The variables, their meaning and their defaults; `doctor` prints them."""

    home: Path
    """COUNTERSIGN_HOME: where state lives."""
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
    origin: str
    """LEDGER_ORIGIN: first line of every checkpoint."""
    metrics_token: str = field(repr=False)
    """METRICS_TOKEN: what a reader of /metrics sends as its bearer token; without it nobody reads them."""
    log_format: str
    """LOG_FORMAT: json, or text for people at a terminal."""


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Return the environment from process variables, completed by what `up` chose for this home."""
    home = Path(variables.get("COUNTERSIGN_HOME", BASE_DIR / "var")).resolve()
    chosen = home / "run" / "environment.json"
    values: dict[str, str] = {}
    if chosen.exists() and os.access(chosen, os.R_OK):
        values = json.loads(chosen.read_text())
    values |= variables
    public_url = values.get("PUBLIC_URL", f"http://127.0.0.1:{values.get('PORT', '8000')}")
    return Environment(
        home=home,
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
        origin=values.get("LEDGER_ORIGIN", "countersign.local/ledger"),
        metrics_token=values.get("METRICS_TOKEN", ""),
        log_format="text" if values.get("LOG_FORMAT") == "text" else "json",
    )
