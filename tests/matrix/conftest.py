from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import pytest_django
from django.test import TransactionTestCase, override_settings

from portal.accounts.choices import Role
from tests.factories.accounts import RoleGrantFactory
from tests.factories.world import World
from tests.matrix.attempts import token_of


@pytest.fixture(scope="module")
def committed(
    django_db_setup: None,
    django_db_blocker: pytest_django.DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], AbstractContextManager[None]]:
    """Let a module write what all its tests see; the database is copied anew when it ends."""

    @contextmanager
    def keep() -> Iterator[None]:
        # A home of its own, so that its checkpoints never meet another log.
        with override_settings(HOME=tmp_path_factory.mktemp("home")), django_db_blocker.unblock():
            try:
                yield
            finally:
                TransactionTestCase._fixture_teardown(None)  # type: ignore[attr-defined]  # as tests/conftest.py has it

    return keep


@pytest.fixture(scope="module")
def world_of(committed: Callable[[], AbstractContextManager[None]]) -> Callable[[int], AbstractContextManager[World]]:
    """Make a world of so many copies, committed."""

    @contextmanager
    def make(copies: int) -> Iterator[World]:
        with committed():
            yield World(copies=copies)

    return make


@pytest.fixture(scope="module")
def world(world_of: Callable[[int], AbstractContextManager[World]]) -> Iterator[World]:
    """Return a world whose author holds every role of their team: what fails there misses no role."""
    with world_of(0) as made:
        for role in (Role.VALIDATOR, Role.APPROVER, Role.OPERATOR):
            RoleGrantFactory.create(user=made.mine.author, role=role, team=made.mine.team)
        yield made


@pytest.fixture(scope="module")
def secret(world: World) -> str:
    """Return a token of who holds every role of my team."""
    return token_of(world)
