"""What `doctor` looks at: each finding says what holds or what to do."""

import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.db import DatabaseError
from kombu.exceptions import OperationalError

from portal.core.clock import now
from portal.core.sandbox import cage_report
from portal.jobs.broker import app
from portal.ledger.selectors import health
from portal.overviews.health import readiness
from portal.runtime.roles import Login
from portal.runtime.system import DOCUMENTS, install_command, missing

_ENOUGH_DISK = 2 * 1024**3
_LAG_SECONDS = 60


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is empty when it holds."""

    name: str
    detail: str
    remedy: str = ""

    @property
    def holds(self) -> bool:
        """Say whether there is nothing to do."""
        return not self.remedy


def environment() -> list[tuple[str, str]]:
    """Return every variable as the portal understood it, without passwords."""
    values = [(field.name, getattr(settings.ENVIRONMENT, field.name)) for field in fields(settings.ENVIRONMENT)]
    return [(name, without_password(str(value))) for name, value in values]


def without_password(text: str) -> str:
    """Return a URL with its password hidden; other text unchanged."""
    parts = urlsplit(text)
    if not parts.password:
        return text
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":…@")))


def findings() -> Iterator[Finding]:
    """Look at everything, from the bottom up; a later check does not need the earlier ones to hold."""
    yield _python()
    yield from _keys()
    yield _disk()
    yield _libraries()
    yield _cage()
    if not settings.ENVIRONMENT.database_url:
        yield Finding("database", "no DATABASE_URL, and no `up` has run in this home", "Start it: make run")
        return
    roles, answers = _roles()
    yield roles
    if not answers:
        return
    for probe in readiness():
        yield Finding(
            probe.name, probe.detail, "" if probe.healthy else "See the line itself, and the logs in HOME/log."
        )
    yield _broker()
    yield from _ledger()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", version, "" if sys.version_info >= (3, 11) else "Python 3.11 or later is needed.")


def _keys() -> Iterator[Finding]:
    for name in ("secret_key", "encryption.key", "decision.key", "checkpoint.key"):
        path: Path = settings.KEYS_DIR / name
        if not path.exists():
            yield Finding(f"key {name}", "missing", "`manage.py up` makes it; in production put the right one there.")
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        yield Finding(f"key {name}", f"mode {mode:04o}", f"chmod 600 {path}" if mode & 0o077 else "")


def _disk() -> Finding:
    folder = settings.HOME if settings.HOME.exists() else Path("/")
    free = shutil.disk_usage(folder).free
    remedy = "" if free >= _ENOUGH_DISK else f"Free some space for {folder}: at least 2 GiB."
    return Finding("disk", f"{free / 1024**3:.1f} GiB free", remedy)


def _libraries() -> Finding:
    lacking = missing(DOCUMENTS)
    if not lacking:
        return Finding("libraries", "those of PDF documents are there")
    names = ", ".join(need.package for need in lacking)
    return Finding("libraries", f"missing: {names}", f"sudo {' '.join(install_command(lacking))}")


def _cage() -> Finding:
    report = cage_report()
    detail = "; ".join(report.lines)
    if report.escapes:
        return Finding("cage", detail, f"Nothing untrusted runs until these are closed: {', '.join(report.escapes)}")
    return Finding("cage", detail, "" if report.available else "Nothing untrusted runs; the line says what is missing.")


def _roles() -> tuple[Finding, bool]:
    """Look whether app, owner and sequencer are three plain roles; say, too, whether the database answers."""
    given = (settings.ENVIRONMENT.database_url, settings.DATABASE_OWNER_URL, settings.DATABASE_SEQUENCER_URL)
    urls = [url for url in given if url]
    if len(urls) < len(given):
        remedy = "Set DATABASE_OWNER_URL and DATABASE_SEQUENCER_URL, too."
        return Finding("roles", "not all three URLs are set", remedy), True
    names = [Login.of(url).role for url in urls]
    if len(set(names)) < len(names):
        remedy = "Use three roles: manage.py bootstrap_roles makes them."
        return Finding("roles", ", ".join(names), remedy), True
    for url, name in zip(urls, names, strict=True):
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER").fetchone()
        except psycopg.OperationalError as error:
            said = str(error).strip().splitlines()[0]
            remedy = "Start the server (embedded: make run), or make the role: manage.py bootstrap_roles."
            return Finding("roles", f"{name}: {said}", remedy), False
        if row != (False,):
            return Finding("roles", f"{name} is a superuser", "Use a plain role: manage.py bootstrap_roles."), True
    return Finding("roles", ", ".join(names)), True


def _broker() -> Finding:
    url = without_password(settings.CELERY_BROKER_URL or "")
    if not url:
        return Finding("broker", "no BROKER_URL", "Set BROKER_URL: amqp://… or pgmq://…")
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=5)
    except (OperationalError, OSError, psycopg.Error) as error:
        return Finding("broker", f"{url}: {error}", "Start the broker; jobs wait in the database until then.")
    return Finding("broker", f"{url} answers")


def _ledger() -> Iterator[Finding]:
    try:
        state = health()
    except DatabaseError as error:
        yield Finding("ledger", str(error), "Start the database, and run `manage.py migrate`.")
        return
    age = (now() - state.signed_at).total_seconds() if state.signed_at else None
    stuck = state.pending > 0 and (age is None or age > _LAG_SECONDS)
    detail = f"{state.size} entries, {state.pending} pending"
    yield Finding("sequencer", detail, "Start `manage.py sequencer`, and read its log." if stuck else "")
    for cursor in state.failing:
        parked = "parked" if cursor.parked_at else f"failed {cursor.failures} times"
        yield Finding(
            f"subscriber {cursor.name}", f"{parked} at entry {cursor.position}: {cursor.reason}", "See its log."
        )
