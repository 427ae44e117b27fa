from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def blob_root(tmp_path: Path, settings: Settings) -> Path:
    """A store of its own for each test."""
    settings.BLOB_ROOT = tmp_path / "blobs"
    return tmp_path / "blobs"
