"""What `doctor` looks at: each finding says what holds or what to do."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.db import DatabaseError
from kombu.exceptions import OperationalError

from portal.core.clock import now
from portal.core.sandbox import cage_report
from portal.jobs.broker import app
from portal.keys.choices import FILES
from portal.keys.models import PublicKey
from portal.keys.services import key_id_of, public_part
from portal.ledger.selectors import health
from portal.overviews.health import readiness
from portal.runtime import soundness
from portal.runtime.keys import MAKERS
from portal.runtime.roles import Login
from portal.runtime.rotation import FORMER_SECRET
from portal.runtime.soundness import Finding
from portal.runtime.system import DOCUMENTS, install_command, missing

_ENOUGH_DISK = 2 * 1024**3
_LAG_SECONDS = 60
_ROLES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL")


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
    yield soundness.debug(settings.ENVIRONMENT)
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
    yield from _registered_keys()
    yield _broker()
    yield from _ledger()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", version, "" if sys.version_info >= (3, 11) else "Python 3.11 or later is needed.")


def _keys() -> Iterator[Finding]:
    for name in MAKERS:
        yield soundness.key(settings.KEYS_DIR / name)
    former: Path = settings.KEYS_DIR / FORMER_SECRET
    if former.exists() and now().timestamp() - former.stat().st_ctime > settings.SESSION_COOKIE_AGE:
        yield Finding("key of former sessions", "older than a session lives", f"rm {former}; then start web again")


def _registered_keys() -> Iterator[Finding]:
    """Look whether what is signed now can be verified later: the key's public part is registered."""
    for purpose, name in FILES.items():
        path: Path = settings.KEYS_DIR / name
        if not os.access(path, os.R_OK):
            continue
        try:
            row = PublicKey.objects.current(purpose).first()
        except DatabaseError as error:
            yield Finding(f"public {purpose} key", str(error), "Run `manage.py migrate`.")
            continue
        here = key_id_of(public_part(path))
        if row is None:
            yield Finding(f"public {purpose} key", "not registered", "manage.py register_keys")
        elif row.key_id != here:
            detail = f"{name} is {here[:12]}, registered is {row.key_id[:12]}"
            remedy = f"Put the right file there; where it is lost: manage.py rotate_key {purpose}"
            yield Finding(f"public {purpose} key", detail, remedy)
        else:
            yield Finding(f"public {purpose} key", f"{here[:12]}, registered")


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
    for variable, url, name in zip(_ROLES, urls, names, strict=True):
        try:
            found = soundness.role(variable, url)
        except psycopg.OperationalError as error:
            said = str(error).strip().splitlines()[0]
            remedy = "Start the server (embedded: make run), or make the role: manage.py bootstrap_roles."
            return Finding("roles", f"{name}: {said}", remedy), False
        if not found.holds:
            return found, True
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
