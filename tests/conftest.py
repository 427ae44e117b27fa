"""Environment, database and network of every test; tests/databases.py tells how the databases work."""

import os
from collections.abc import Iterator
from datetime import datetime

import hypothesis
import pytest
import pytest_django

from tests import databases

if "DJANGO_SETTINGS_MODULE" in os.environ:
    raise pytest.UsageError("unset DJANGO_SETTINGS_MODULE: the suite sets it once it has chosen a database")
if "PYTEST_XDIST_WORKER" not in os.environ:
    databases.open_suite()
databases.enter_worker()
# Timings are for benches: a slow moment of the machine is no failure.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def quick_argon2() -> Iterator[None]:
    """Hash passwords with argon2's least cost: its usual fifth of a second each is meant for thieves."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    with pytest.MonkeyPatch.context() as patch:
        for name, least in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
            patch.setattr(Argon2PasswordHasher, name, least)
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: pytest_django.DjangoDbBlocker,
) -> Iterator[None]:
    """Replace pytest-django's: the app role may not create tables, and tables may not be flushed."""
    from django.db import connections
    from django.db.backends.postgresql.base import DatabaseWrapper
    from django.test import TransactionTestCase

    def leave() -> None:
        wrapper = connections["default"]
        assert isinstance(wrapper, DatabaseWrapper)
        wrapper.close()
        wrapper.close_pool()

    def fresh(_: TransactionTestCase | None = None) -> None:
        with django_db_blocker.unblock():
            leave()
            databases.copy_template()

    databases.ensure_template()
    fresh()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", fresh)
        yield
    with django_db_blocker.unblock():
        leave()


@pytest.fixture(scope="session")
def queue_url() -> str:
    """Return the pgmq:// URL of a broker database of this worker's own."""
    return databases.make_queue()


@pytest.fixture(scope="session")
def broker_url(request: pytest.FixtureRequest) -> str:
    """Return the broker to test against: TEST_AMQP_URL's RabbitMQ, else pgmq."""
    url: str = os.environ.get("TEST_AMQP_URL") or request.getfixturevalue("queue_url")
    return url


@pytest.fixture
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Let no window of a limit turn while a test counts tries; return the instant at which it stands."""
    from portal.core import clock

    instant = clock.now()
    monkeypatch.setattr("portal.core.throttles.now", lambda: instant)
    return instant
