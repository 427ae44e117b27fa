"""Find the PostgreSQL and RabbitMQ to test against; print them as shell assignments, and on stderr what is skipped.

Given URLs (TEST_DATABASE_OWNER_URL, TEST_AMQP_URL) are taken as they are; else the standard local ports are tried.
On a local PostgreSQL a role that may make roles and databases is made through the `postgres` account, where that is
allowed: by trust on the loopback address, or by peer on the socket as the system's user `postgres`.
"""

import os
import pwd
import secrets
import shlex
import socket
import subprocess
import sys

import psycopg
from kombu import Connection

ROLE = "countersign_ci"
LOOPBACK = "127.0.0.1"


def answers(port: int) -> bool:
    """Say whether something listens on the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def making(password: str) -> str:
    """Return SQL that makes the role, or gives it the password when it exists."""
    attributes = f"LOGIN CREATEROLE CREATEDB PASSWORD '{password}'"
    return (
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN ALTER ROLE {ROLE} {attributes}; "
        f"ELSE CREATE ROLE {ROLE} {attributes}; END IF; END $$"
    )


def as_postgres(statement: str) -> bool:
    """Execute SQL through the `postgres` account; False when neither way is open, or the server refuses."""
    try:
        with psycopg.connect(host=LOOPBACK, user="postgres", dbname="postgres", connect_timeout=3) as connection:
            connection.execute(statement)
            return True
    except psycopg.Error:
        pass
    try:
        account = pwd.getpwnam("postgres")
        command = ["psql", "--quiet", "--no-psqlrc", "--dbname=postgres", f"--command={statement}"]
        made = subprocess.run(command, user=account.pw_uid, cwd="/", capture_output=True, check=False)
    except (KeyError, PermissionError, FileNotFoundError):
        return False
    return made.returncode == 0


def postgresql() -> str | None:
    """Return the URL of a PostgreSQL to test against."""
    if given := os.environ.get("TEST_DATABASE_OWNER_URL"):
        return given
    if not answers(5432):
        print("skipped: no PostgreSQL on 127.0.0.1:5432 and no TEST_DATABASE_OWNER_URL", file=sys.stderr)
        return None
    password = secrets.token_hex(16)
    if not as_postgres(making(password)):
        print(
            "skipped: the PostgreSQL on 127.0.0.1:5432 lets us make no role; set TEST_DATABASE_OWNER_URL",
            file=sys.stderr,
        )
        return None
    return f"postgresql://{ROLE}:{password}@{LOOPBACK}:5432/postgres"


def rabbitmq() -> str | None:
    """Return the URL of a RabbitMQ to test against."""
    if given := os.environ.get("TEST_AMQP_URL"):
        return given
    if not answers(5672):
        print("skipped: no RabbitMQ on 127.0.0.1:5672 and no TEST_AMQP_URL", file=sys.stderr)
        return None
    url = f"amqp://guest:guest@{LOOPBACK}:5672//"
    try:
        with Connection(url, connect_timeout=5) as connection:
            connection.connect()
    except OSError as error:
        print(f"skipped: the RabbitMQ on 127.0.0.1:5672 refuses guest ({error}); set TEST_AMQP_URL", file=sys.stderr)
        return None
    return url


if sys.argv[1:] == ["--remove"]:
    as_postgres(f"DROP ROLE IF EXISTS {ROLE}")
else:
    for name, url in (("TEST_DATABASE_OWNER_URL", postgresql()), ("TEST_AMQP_URL", rabbitmq())):
        print(f"export {name}={shlex.quote(url)}" if url else f"unset {name}")
