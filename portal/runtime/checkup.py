"""What `doctor` looks at: each finding says what holds or what to do."""

import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings

from portal.core.sandbox import cage_report
from portal.overviews.health import readiness
from portal.runtime.findings import Finding
from portal.runtime.roles import Login
from portal.runtime.system import DOCUMENTS, install_command, missing
from portal.runtime.vitals import vitals

_ENOUGH_DISK = 2 * 1024**3


def environment() -> list[tuple[str, str]]:
    """Return every variable as the portal understood it, without passwords."""
    return [(field.name, _shown(field.name, field.repr)) for field in fields(settings.ENVIRONMENT)]


def _shown(name: str, told: bool) -> str:  # noqa: FBT001
    """Return a value without its password; of a secret only whether it is set."""
    value = getattr(settings.ENVIRONMENT, name)
    return without_password(str(value)) if told else "set" if value else "not set"


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
        yield Finding(probe.name, probe.detail, "" if probe.healthy else probe.remedy)
    yield from vitals()


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
    folders = [folder for folder in (settings.HOME, settings.BLOB_ROOT) if folder.exists()] or [Path("/")]
    free, folder = min((shutil.disk_usage(folder).free, folder) for folder in folders)
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
