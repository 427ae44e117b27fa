"""The three database roles, their database, and the queue's database: made from the URLs that name them."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import psycopg
from pgmq.install import install_pgmq_from_sql
from psycopg import sql

_UNDERPRIVILEGED = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")


@dataclass(frozen=True)
class Login:
    """Who connects, with what, to which database."""

    role: str
    password: str
    database: str

    @classmethod
    def of(cls, url: str) -> "Login":
        """Read the login out of a postgresql:// or pgmq:// URL."""
        parts = urlsplit(url)
        return cls(unquote(parts.username or ""), unquote(parts.password or ""), unquote(parts.path.lstrip("/")))


def bootstrap(*, admin_url: str, app_url: str, owner_url: str, sequencer_url: str) -> None:
    """Make the roles that the URLs name, and the database, owned by the owner; safe to repeat.

    The admin is a superuser, or a role with CREATEROLE and CREATEDB.
    """
    app, owner, sequencer = Login.of(app_url), Login.of(owner_url), Login.of(sequencer_url)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for login in (owner, app, sequencer):
            _ensure_role(admin, login)
        _ensure_database(admin, app.database, owner.role)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        grant_defaults(connection, database=app.database, app=app.role, sequencer=sequencer.role)


def bootstrap_queue(*, admin_url: str, queue_url: str) -> None:
    """Make the database of the embedded broker, owned by the role that uses it, with the pgmq schema in it."""
    queue = Login.of(queue_url)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        _ensure_database(admin, queue.database, queue.role)
    with psycopg.connect(postgresql_url(queue_url)) as connection:
        installed = connection.execute("SELECT to_regnamespace('pgmq') IS NOT NULL").fetchone()
        connection.rollback()
        if installed != (True,):
            install_pgmq_from_sql(conn=connection)
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(queue.database)))


def show_messages_again(queue_url: str) -> int:
    """Make every message visible that a killed worker had taken; return how many. Only for before workers start."""
    with psycopg.connect(postgresql_url(queue_url)) as connection:
        count = 0
        for (name,) in connection.execute("SELECT queue_name FROM pgmq.list_queues()").fetchall():
            table = sql.Identifier("pgmq", f"q_{name}")
            update = sql.SQL("UPDATE {} SET vt = clock_timestamp() WHERE vt > clock_timestamp()").format(table)
            count += connection.execute(update).rowcount
        return count


def postgresql_url(queue_url: str) -> str:
    """Return the queue's URL as libpq reads it."""
    return queue_url.replace("pgmq://", "postgresql://", 1)


def grant_defaults(connection: psycopg.Connection, *, database: str, app: str, sequencer: str) -> None:
    """Let nobody else in, and give the app the rows of every table that the connection's role (the owner) will make.

    Migrations take back what the app must not do (the ledger's tables, insert-only rows).
    """
    names = {
        "database": sql.Identifier(database),
        "app": sql.Identifier(app),
        "sequencer": sql.Identifier(sequencer),
    }
    for statement in (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {app}, {sequencer}",
        "GRANT USAGE ON SCHEMA public TO {app}, {sequencer}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    ):
        connection.execute(sql.SQL(statement).format(**names))


def withhold_defaults(connection: psycopg.Connection, *, app: str) -> None:
    """Take back what `grant_defaults` says of tables to come, until it is called again."""
    for statement in (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {app}",
    ):
        connection.execute(sql.SQL(statement).format(app=sql.Identifier(app)))


def _ensure_role(admin: psycopg.Connection, login: Login) -> None:
    """Create the role or bring it to its attributes and password; an admin who is no superuser joins it."""
    found = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.role]).fetchone()
    verb = sql.SQL("ALTER" if found else "CREATE")
    attributes = sql.SQL("{} ROLE {} {} PASSWORD {}").format(
        verb, sql.Identifier(login.role), _attributes(admin), sql.Literal(login.password)
    )
    admin.execute(attributes)
    if not _is_superuser(admin):
        admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(login.role)))


def _attributes(admin: psycopg.Connection) -> sql.SQL:
    """Return what to say of a role: only a superuser may name all attributes (their defaults are the same)."""
    return _UNDERPRIVILEGED if _is_superuser(admin) else sql.SQL("LOGIN NOCREATEDB NOCREATEROLE")


def _is_superuser(connection: psycopg.Connection) -> bool:
    """Say whether the connection's role is a superuser."""
    return connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER").fetchone() == (True,)


def _ensure_database(admin: psycopg.Connection, database: str, owner: str) -> None:
    """Create the database unless it exists."""
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
        create = sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0")
        admin.execute(create.format(sql.Identifier(database), sql.Identifier(owner)))
