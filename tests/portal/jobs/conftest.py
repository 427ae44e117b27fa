from collections.abc import Callable

import pytest
from django.db import transaction

from portal.accounts.choices import Role
from portal.core.actors import Actor
from portal.jobs import services
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job
from portal.ledger.catalogue import Subject
from tests.factories.accounts import TeamFactory, actor_with

KIND = "trial.work"
Enqueue = Callable[..., Job]


@pytest.fixture
def developer(db: None) -> Actor:
    return actor_with(Role.DEVELOPER, team=TeamFactory.create())


@pytest.fixture
def enqueue(developer: Actor, monkeypatch: pytest.MonkeyPatch) -> Enqueue:
    """Enqueue a trial job in a transaction of its own; the kind ends with the test."""
    monkeypatch.setitem(KINDS, KIND, "intake")
    [team] = developer.teams_for("read") or frozenset({0})

    def make(**arguments: object) -> Job:
        with transaction.atomic():
            return services.enqueue(
                actor=developer, kind=KIND, subject=Subject("thing", "7", "Thing 7", team), arguments=arguments
            )

    return make
