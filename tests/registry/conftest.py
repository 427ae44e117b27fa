from pathlib import Path

import pytest
from pytest_django import Settings

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import Actor
from tests.factories.accounts import TeamFactory, actor_with


@pytest.fixture(autouse=True)
def blob_root(tmp_path: Path, settings: Settings) -> Path:
    """A store of its own for each test."""
    settings.BLOB_ROOT = tmp_path / "blobs"
    return tmp_path / "blobs"


@pytest.fixture
def team(db: None) -> Team:
    made: Team = TeamFactory.create()
    return made


@pytest.fixture
def developer(team: Team) -> Actor:
    return actor_with(Role.DEVELOPER, team=team)


@pytest.fixture
def viewer(team: Team) -> Actor:
    return actor_with(Role.VIEWER, team=team)


@pytest.fixture
def stranger(db: None) -> Actor:
    """A developer of another team."""
    return actor_with(Role.DEVELOPER, team=TeamFactory.create())
