import json
from typing import Any

import pytest

from portal.accounts.models import Team, User
from portal.core.actors import Actor
from portal.core.errors import Forbidden, Invalid
from portal.ledger.models import PendingEntry
from registry.errors import NotUsable, SlugTaken
from registry.models import RegisteredModel
from registry.services.models import link_model, register_model
from tests.factories.accounts import UserFactory
from tests.factories.registry import RegisteredModelFactory, UseCaseFactory
from tests.portal.ledger.replay import replayed


@pytest.fixture
def values(team: Team) -> dict[str, Any]:
    owner: User = UserFactory.create()
    return {
        "slug": "flight-delay",
        "name": "Flight delay",
        "purpose": "Decides whom to call.",
        "team": team,
        "owner": owner,
        "tier": 1,
        "task": "binary",
        "implementation": "scikit-learn",
    }


def test_a_model_is_registered_and_its_texts_stay_private(developer: Actor, values: dict[str, Any]) -> None:
    model = register_model(actor=developer, **values)
    assert replayed("model") == {str(model.pk): model.public_state()}
    entry = json.loads(bytes(PendingEntry.objects.get().payload))
    assert set(entry["commitments"]) == {"name", "purpose"}
    assert "whom to call" not in json.dumps(entry)
    assert entry["topics"] == [f"model:{model.pk}"]


def test_a_name_is_taken_by_whoever_comes_first(developer: Actor, values: dict[str, Any]) -> None:
    register_model(actor=developer, **values)
    with pytest.raises(SlugTaken, match="flight-delay is taken") as refused:
        register_model(actor=developer, **values)
    assert set(refused.value.fields) == {"slug"}
    assert RegisteredModel.objects.count() == PendingEntry.objects.count() == 1


def test_what_is_wrong_is_told_by_field(developer: Actor, values: dict[str, Any]) -> None:
    values["owner"].is_active = False
    wrong = values | {"slug": "a b", "name": "", "purpose": "\0", "tier": 4, "task": "x", "implementation": "y"}
    with pytest.raises(Invalid) as refused:
        register_model(actor=developer, **wrong)
    assert set(refused.value.fields) == {"slug", "name", "purpose", "tier", "task", "implementation", "owner"}
    assert not PendingEntry.objects.exists()


def test_only_developers_of_the_team_register(viewer: Actor, stranger: Actor, values: dict[str, Any]) -> None:
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            register_model(actor=actor, **values)


def newest_entry() -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(bytes(PendingEntry.objects.order_by("-order")[0].payload))
    return entry


def test_a_model_is_linked_to_a_use_case_moved_and_taken_out_again(developer: Actor, team: Team) -> None:
    model = RegisteredModelFactory.create(team=team)
    first, second = UseCaseFactory.create(team=team), UseCaseFactory.create(team=team, approved=True)
    link_model(actor=developer, model=model, use_case=first)
    assert newest_entry()["data"]["use_case"] == first.pk
    link_model(actor=developer, model=model, use_case=second)
    assert newest_entry()["topics"] == [f"model:{model.pk}", f"use_case:{first.pk}", f"use_case:{second.pk}"]
    linked = link_model(actor=developer, model=model, use_case=None)
    entry = newest_entry()
    assert (entry["event"], "use_case" in entry["data"]) == ("registry.model.unlinked", False)
    assert replayed("model")[str(model.pk)] == linked.public_state()


def test_a_model_is_linked_to_what_its_team_may_still_build_on(developer: Actor, team: Team) -> None:
    model = RegisteredModelFactory.create(team=team)
    for columns in ({"team": team, "rejected": True}, {"team": team, "retired": True}, {"approved": True}):
        with pytest.raises(NotUsable):
            link_model(actor=developer, model=model, use_case=UseCaseFactory.create(**columns))
    with pytest.raises(NotUsable, match="so already"):
        link_model(actor=developer, model=model, use_case=None)
    assert not PendingEntry.objects.exists()


def test_only_developers_of_the_team_link(viewer: Actor, stranger: Actor, team: Team) -> None:
    model, use_case = RegisteredModelFactory.create(team=team), UseCaseFactory.create(team=team)
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            link_model(actor=actor, model=model, use_case=use_case)
