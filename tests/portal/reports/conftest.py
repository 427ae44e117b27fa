from pathlib import Path

import pytest
from pytest_django import Settings

from portal.reports import services
from tests.factories.reports import PackFactory, approved_release, sequence

_MADE: dict[str, bytes] = {}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    """A folder for checkpoints of each test's own, so that one log never meets another log's."""
    settings.HOME = tmp_path
    return tmp_path


@pytest.fixture
def snapshot(transactional_db: None) -> bytes:
    """The frozen snapshot of a release that replaced another one, made once: rendering needs no database."""
    if not _MADE:
        pack = PackFactory.create(release=approved_release(with_champion=True))
        sequence()
        _MADE["snapshot"] = services.begin_pack(pack_id=pack.pk).snapshot
    return _MADE["snapshot"]
