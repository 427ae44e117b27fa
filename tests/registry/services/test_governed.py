import json
import threading

import pytest
from django.db import connection

from portal.accounts.models import Team
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import DomainError
from portal.ledger.models import PendingEntry
from registry.errors import NotUsable
from registry.models import RegisteredModel, Release
from registry.selectors import champion_of
from registry.services.governed import activate_release
from registry.services.versions import withdraw_version
from tests.factories.registry import RegisteredModelFactory, ReleaseFactory, SealedVersionFactory
from tests.portal.ledger.replay import replayed


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team)
    return made


def planned(model: RegisteredModel, environment: str = "production") -> Release:
    made: Release = ReleaseFactory.create(version=SealedVersionFactory.create(model=model), environment=environment)
    return made


def test_an_activated_release_supersedes_the_former_one(developer: Actor, model: RegisteredModel) -> None:
    first, second = planned(model), planned(model)
    activate_release(actor=developer, release=first)
    active = activate_release(actor=developer, release=second)
    first.refresh_from_db()
    assert (first.state, active.state) == ("superseded", "active")
    assert first.ended_at == active.activated_at
    assert champion_of(model) == second.version
    assert replayed("release") == {str(row.pk): row.public_state() for row in Release.objects.all()}
    payloads = PendingEntry.objects.order_by("order").values_list("payload", flat=True)
    assert [json.loads(bytes(payload))["event"] for payload in payloads] == [
        "registry.release.activated",
        "registry.release.superseded",
        "registry.release.activated",
    ]


def test_environments_and_models_do_not_disturb_each_other(developer: Actor, model: RegisteredModel) -> None:
    releases = [planned(model), planned(model, "staging"), planned(RegisteredModelFactory.create())]
    for release in releases:
        activate_release(actor=developer, release=release)
    assert Release.objects.filter(state="active").count() == 3


def test_a_release_is_activated_once(developer: Actor, model: RegisteredModel) -> None:
    first, second = planned(model), planned(model)
    for release in (first, second):
        activate_release(actor=developer, release=release)
    for release in (first, second):
        with pytest.raises(NotUsable, match="only a planned one"):
            activate_release(actor=developer, release=release)


def test_a_withdrawn_version_is_not_activated(developer: Actor, model: RegisteredModel) -> None:
    release = planned(model)
    withdraw_version(actor=developer, version=release.released, reason="Wrong labels.")
    with pytest.raises(NotUsable, match="this one is withdrawn"):
        activate_release(actor=developer, release=release)
    assert champion_of(model) is None


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_instant_leave_one_active() -> None:
    model = RegisteredModelFactory.create()
    releases = [planned(model), planned(model)]
    refused: list[DomainError] = []

    def activate(release: Release) -> None:
        try:
            activate_release(actor=SYSTEM, release=release)
        except DomainError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=activate, args=[release]) for release in releases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    assert sorted(Release.objects.values_list("state", flat=True)) == ["active", "superseded"]
