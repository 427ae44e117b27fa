"""What the runtime's tests share: folders that the database's user can get into, and environments without a portal."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return an empty folder that other users may pass through (pytest's own is private)."""
    path = Path(tempfile.mkdtemp(prefix="countersign-runtime-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def bare_environment() -> dict[str, str]:
    """Return the process's environment without what points it at the suite's database."""
    ours = ("DATABASE_", "COUNTERSIGN_", "PYTEST_", "COV_", "TEST_")
    named = {"BROKER_URL", "ALLOWED_HOSTS", "KEYS_DIR", "BLOB_ROOT", "PORT", "PUBLIC_URL", "DEMO"}
    return {name: value for name, value in os.environ.items() if not name.startswith(ours) and name not in named}
