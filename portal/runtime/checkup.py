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
from django.core.cache import cache
from django.db import DatabaseError

from portal.core.clock import now
from portal.core.sandbox import cage_report
from portal.keys.choices import FILES
from portal.keys.models import PublicKey
from portal.keys.services import key_id_of, public_part
from portal.overviews.health import readiness
from portal.runtime import soundness
from portal.runtime.keys import MAKERS
from portal.runtime.roles import Login
from portal.runtime.rotation import FORMER_SECRET
from portal.runtime.soundness import Finding
from portal.runtime.system import DOCUMENTS, install_command, missing
from portal.runtime.vitals import vitals

_ENOUGH_DISK = 2 * 1024**3
_ROLES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL")


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
    yield soundness.debug(settings.ENVIRONMENT)
    yield from soundness.web(settings.ENVIRONMENT)
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
    yield from _registered_keys()
    yield _cache()
    yield from vitals()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", version, "" if sys.version_info >= (3, 11) else "Python 3.11 or later is needed.")


def _cache() -> Finding:
    """Look whether tries can be counted."""
    url = without_password(settings.ENVIRONMENT.cache_url or "")
    try:
        cache.get("doctor")
    except Exception as error:  # noqa: BLE001  (each client has errors of its own, or is not installed)
        return Finding(
            "cache", f"{url or 'database'}: {error}", "Start it, or unset CACHE_URL to count in the database."
        )
    return Finding("cache", f"{url} answers" if url else "in the database")


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
