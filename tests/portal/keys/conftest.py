from pathlib import Path

import pytest
from pytest_django import Settings

from portal.runtime.keys import make_keys


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Settings) -> Path:
    """Private keys of each test's own, so that it may swap them."""
    settings.KEYS_DIR = tmp_path / "keys"
    make_keys(settings.KEYS_DIR)
    return tmp_path / "keys"
