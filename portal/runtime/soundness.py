"""What must hold before a program of a production installation starts; `doctor` says the same things in words.

Each program looks at itself. `python -m portal.runtime.soundness web` looks before granian starts, which would start
workers that refuse again and again.
"""

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from portal.env import PROGRAMS, SECRET_VARIABLES, Environment, read_environment

MISCONFIGURED, TRY_AGAIN = 78, 75
"""Exit codes (sysexits.h): what is wrong stays wrong until somebody acts; the database may answer in a moment."""
_CONNECT_SECONDS = 5

_ROLE = """
SELECT rolsuper,
    EXISTS (SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
            WHERE nspname = 'public' AND relkind IN ('r', 'p') AND pg_has_role(CURRENT_USER, relowner, 'MEMBER')),
    coalesce(has_table_privilege(to_regclass('ledger_entry'), 'INSERT'), false),
    coalesce(has_table_privilege(to_regclass('ledger_pendingentry'), 'INSERT'), false)
FROM pg_roles WHERE rolname = CURRENT_USER
"""


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


def require_sound(environment: Environment, variables: Mapping[str, str]) -> None:
    """End this process, in words, when it is a program in production and something is not as it must be."""
    try:
        reasons, status = refusals(environment, variables), MISCONFIGURED
    except psycopg.OperationalError as error:
        reasons, status = [f"The database does not answer: {_first_line(error)}"], TRY_AGAIN
    if reasons:
        lines = [f"countersign {environment.program} does not start:", *(f"  {reason}" for reason in reasons)]
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
        raise SystemExit(status)


def refusals(environment: Environment, variables: Mapping[str, str]) -> list[str]:
    """Return why a program may not start in production; nothing for commands, and where it is no production.

    Raises OperationalError where the database does not answer.
    """
    if not environment.production or environment.program is None:
        return []
    found = _look(environment, environment.program, variables)
    return [f"{one.name}: {one.detail}. {one.remedy}" for one in found if not one.holds]


def debug(environment: Environment) -> Finding:
    """Look whether error pages show the code and its values to everybody."""
    wrong = environment.debug and environment.production
    detail = "on" if environment.debug else "off"
    return Finding("debug", detail, "DEBUG=1 shows values to everybody: unset it, or PRODUCTION." if wrong else "")


def web(environment: Environment) -> Iterator[Finding]:
    """Look whether the portal can be reached over TLS by its name alone; in production only."""
    if not environment.production:
        return
    address, hosts = urlsplit(environment.public_url), environment.allowed_hosts
    proxies = environment.trusted_proxies
    looked = (
        ("ALLOWED_HOSTS", "lets every host name in", "Name your own.", not hosts or "*" in hosts),
        ("ALLOWED_HOSTS", f"lacks {address.hostname}", "Add the host of PUBLIC_URL.",
         not _is_allowed(address.hostname, hosts)),
        ("PUBLIC_URL", environment.public_url, "It begins with https://: people reach the portal over TLS.",
         address.scheme != "https"),
        ("TRUSTED_PROXIES", "empty, so every answer is a redirect",
         "Name the address of the proxy that ends TLS, such as 127.0.0.1.", not proxies),
        ("TRUSTED_PROXIES", "trusts every address", "Name your proxies alone.",
         any(ip_network(one).prefixlen == 0 for one in proxies)),
        ("MAX_UPLOAD_BYTES", str(environment.max_upload_bytes), "Give more than 0.", environment.max_upload_bytes <= 0),
    )  # fmt: skip
    wrong = [Finding(name, detail, remedy) for name, detail, remedy, holds in looked if holds]
    yield from wrong or [Finding("web", f"{environment.public_url}, through {', '.join(proxies)}")]


def key(path: Path) -> Finding:
    """Look whether a private key is there and its owner alone can read it."""
    name = f"key {path.name}"
    try:
        found = path.stat()
    except FileNotFoundError:
        return Finding(name, "missing", f"Put it at {path}; `manage.py up` and `manage.py make_keys` make new ones.")
    except PermissionError:
        return Finding(name, f"{path.parent} is closed to this user", f"chmod 711 {path.parent}")
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        return Finding(name, f"mode {mode:04o}, others can read it", f"chmod 600 {path}")
    if not os.access(path, os.R_OK):
        return Finding(name, "this user can not read it", f"chown it to the program's user: {path}")
    return Finding(name, f"mode {mode:04o}")


def role(variable: str, url: str) -> Finding:
    """Look whether a role is what its variable says, and no more; raises OperationalError where nobody answers."""
    name = unquote(urlsplit(url).username or "")
    with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS) as connection:
        row = connection.execute(_ROLE).fetchone()
    is_super, owns, orders, appends = row or (True, True, True, True)
    remedy = f"Give {variable} a role of its own: manage.py bootstrap_roles makes the three."
    if is_super:
        return Finding("roles", f"{name} ({variable}) is a superuser", remedy)
    if variable == "DATABASE_OWNER_URL":
        return Finding("roles", name)
    if owns:
        return Finding("roles", f"{name} ({variable}) owns the tables, so it could switch their protection off", remedy)
    if variable == "DATABASE_URL" and orders:
        return Finding("roles", f"{name} ({variable}) may write the log itself, which is the sequencer's", remedy)
    if variable == "DATABASE_SEQUENCER_URL" and appends:
        return Finding("roles", f"{name} ({variable}) may do what the app does, too", remedy)
    return Finding("roles", name)


def _look(environment: Environment, program: str, variables: Mapping[str, str]) -> Iterator[Finding]:
    needs = PROGRAMS[program]
    yield debug(environment)
    if program == "web":
        yield from web(environment)
    for name in sorted(needs.keys):
        yield key(environment.keys_dir / name)
    urls = {
        "DATABASE_URL": environment.database_url,
        "DATABASE_SEQUENCER_URL": environment.database_sequencer_url,
        "BROKER_URL": environment.broker_url,
    }
    for name in SECRET_VARIABLES:
        if name in needs.variables and not urls[name]:
            yield Finding(name, "missing", f"Set it in the environment of {program}.")
        if name not in needs.variables and variables.get(name):
            yield Finding(name, "given", f"{program} does not need it: take it out of the environment of {program}.")
    for name in ("DATABASE_URL", "DATABASE_SEQUENCER_URL"):
        if name in needs.variables and (url := urls[name]):
            yield role(name, url)


def _is_allowed(host: str | None, allowed: tuple[str, ...]) -> bool:
    """Whether ALLOWED_HOSTS lets the host in; a name that begins with a dot stands for its subdomains, too."""
    return host is not None and any(host == one or (one[:1] == "." and f".{host}".endswith(one)) for one in allowed)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]


if __name__ == "__main__":
    _variables = {**os.environ, "COUNTERSIGN_PROGRAM": sys.argv[1]}
    require_sound(read_environment(_variables), _variables)
