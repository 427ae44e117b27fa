import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_django import Settings

from portal.ledger import catalogue, sequencing


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    """A home of its own for each test, so that checkpoints of one log never meet another log."""
    settings.HOME = tmp_path
    settings.KEYS_DIR = tmp_path / "keys"
    settings.KEYS_DIR.mkdir()
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (settings.KEYS_DIR / "checkpoint.key").write_bytes(key)
    return tmp_path


@pytest.fixture(autouse=True)
def catalogue_of_its_own() -> Iterator[None]:
    """Events and listeners that a test declares end with it; those of the apps stay away meanwhile."""
    tables: list[dict[str, Any]] = [catalogue.TYPES, catalogue.REACTIONS, catalogue.SUBSCRIBERS]
    kept = [dict(table) for table in tables]
    for table in tables:
        table.clear()
    yield
    for table, before in zip(tables, kept, strict=True):
        table.clear()
        table.update(before)


@pytest.fixture
def connect_as(transactional_db: None) -> Iterator[Callable[[str], sequencing.Connection]]:
    """Connections to the test's database as another role: "app", "sequencer" or "owner"."""
    opened: list[sequencing.Connection] = []

    def connect(role: str) -> sequencing.Connection:
        name = {"app": "DATABASE_URL"}.get(role, f"DATABASE_{role.upper()}_URL")
        opened.append(psycopg.connect(os.environ[name], autocommit=True))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


@pytest.fixture
def sequencer(connect_as: Callable[[str], sequencing.Connection]) -> sequencing.Connection:
    return connect_as("sequencer")


@pytest.fixture
def tamper(connect_as: Callable[[str], sequencing.Connection]) -> Callable[[str], None]:
    """Change the log as only one can who may switch its triggers off."""

    def change(statement: str) -> None:
        owner = connect_as("owner")
        tables = ("entry", "checkpoint", "privatetext", "tile")
        for table in tables:
            owner.execute(f"ALTER TABLE ledger_{table} DISABLE TRIGGER USER".encode())
        changed = owner.execute(statement.encode()).rowcount
        for table in tables:
            owner.execute(f"ALTER TABLE ledger_{table} ENABLE TRIGGER USER".encode())
        assert changed > 0

    return change
