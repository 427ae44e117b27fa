import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from tests.factories.accounts import TeamFactory
from tests.portal.api.callers import Caller, caller


@pytest.fixture
def team(db: None) -> Team:
    found: Team = TeamFactory.create(slug="lending")
    return found


@pytest.fixture
def developer(team: Team) -> Caller:
    return caller(Role.DEVELOPER, team=team)


@pytest.fixture
def viewer(team: Team) -> Caller:
    return caller(Role.VIEWER, team=team)


@pytest.fixture
def stranger(db: None) -> Caller:
    """A developer of another team."""
    return caller(Role.DEVELOPER, team=TeamFactory.create(slug="pricing"))
