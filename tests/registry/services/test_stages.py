import json
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Forbidden, Invalid, NotFound
from portal.ledger.models import PendingEntry
from registry.choices import Stage
from registry.models import PipelineStage, RegisteredModel
from registry.services.models import register_model
from registry.services.stages import assign_stage
from tests.factories.accounts import RoleGrantFactory, ServiceAccountFactory, TeamFactory, UserFactory, person_with
from tests.factories.registry import RegisteredModelFactory
from tests.portal.ledger.replay import replayed

NOBODY: dict[str, Any] = {"stage": "training", "owner": None, "backup": None, "response_hours": None}


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team)
    return made


@pytest.fixture
def ada(team: Team) -> User:
    return person_with(Role.VIEWER, team=team, name="Ada")


def assigned(actor: Actor, model: RegisteredModel, **values: Any) -> PipelineStage:
    return assign_stage(actor=actor, model=model, **NOBODY | values)


def fields(actor: Actor, model: RegisteredModel, **values: Any) -> set[str]:
    with pytest.raises(Invalid) as refused:
        assigned(actor, model, **values)
    return set(refused.value.fields)


def test_a_model_is_registered_with_six_stages_that_nobody_owns(developer: Actor, team: Team) -> None:
    model = register_model(
        actor=developer, slug="limits", name="Limits", purpose="Sets limits.", team=team, owner=UserFactory.create(),
        tier=2, task="binary", implementation="onnx",
    )  # fmt: skip
    assert [(row.stage, row.state) for row in model.stages.all()] == [(stage, "no_owner") for stage in Stage]
    assert PendingEntry.objects.count() == 1


def test_an_owner_is_named_and_the_entry_holds_ids_alone(developer: Actor, model: RegisteredModel, ada: User) -> None:
    bo = person_with(Role.VALIDATOR, name="Bo")
    row = assigned(developer, model, owner=ada, backup=bo, response_hours=24)
    row.refresh_from_db()
    assert (row.owner, row.backup, row.response_hours, row.state) == (ada, bo, 24, "owned")
    assert (row.changed_by_id, row.changed_at is not None) == (developer.user_id, True)
    entry = json.loads(bytes(PendingEntry.objects.get().payload))
    assert (entry["event"], entry["topics"]) == ("registry.stage.assigned", [f"model:{model.pk}"])
    assert entry["data"] == row.public_state()
    assert entry["data"]["owner"] == f"user:{ada.pk}"
    assert "Ada" not in json.dumps(entry)


def test_a_team_owns_a_stage_or_nobody_does_again(developer: Actor, model: RegisteredModel, ada: User) -> None:
    others = TeamFactory.create()
    assert assigned(developer, model, owner=others, backup=ada).owner == others
    assert assigned(developer, model, owner=ada).owner_team is None
    row = assigned(developer, model)
    assert (row.owner, row.state) == (None, "no_owner")
    assert replayed("pipeline_stage") == {str(row.pk): row.public_state()}
    assert PendingEntry.objects.count() == 3


def test_saying_the_same_again_is_no_event(developer: Actor, model: RegisteredModel, ada: User) -> None:
    first = assigned(developer, model, owner=ada, response_hours=4)
    again = assigned(developer, model, owner=ada, response_hours=4)
    assert again.changed_at == first.changed_at
    assert PendingEntry.objects.count() == 1
    assigned(developer, model, stage="features")
    assert PendingEntry.objects.count() == 1


def test_a_model_of_an_earlier_release_gets_the_stage_that_is_assigned(developer: Actor, team: Team, ada: User) -> None:
    model = RegisteredModelFactory.build(team=team, owner=ada)
    model.save()
    assert assigned(developer, model, owner=ada).state == "owned"
    assert model.stages.count() == 1


def test_only_active_people_who_may_read_the_model_answer(developer: Actor, model: RegisteredModel, ada: User) -> None:
    robot = ServiceAccountFactory.create(owner=ada)
    RoleGrantFactory.create(user=robot, role=Role.DEVELOPER, team=model.team)
    gone = person_with(Role.DEVELOPER, team=model.team, is_active=False)
    stranger = person_with(Role.DEVELOPER, team=TeamFactory.create())
    for unfit in (robot, gone, stranger, UserFactory.create()):
        assert fields(developer, model, owner=unfit) == {"owner"}
        assert fields(developer, model, owner=ada, backup=unfit) == {"backup"}
    assert fields(developer, model, owner=ada, backup=ada, response_hours=721) == {"backup", "response_hours"}
    assert not PendingEntry.objects.exists()


def test_an_owner_whose_account_is_closed_counts_as_none(developer: Actor, model: RegisteredModel, ada: User) -> None:
    row = assigned(developer, model, owner=ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    row = PipelineStage.objects.get(pk=row.pk)
    assert (row.state, row.owner) == ("owner_deactivated", ada)
    assert not model.stages.owned().exists()
    assert fields(developer, model, owner=row.owner, response_hours=1) == {"owner"}


def test_a_stage_that_no_pipeline_has_is_not_there(developer: Actor, model: RegisteredModel) -> None:
    with pytest.raises(NotFound, match="ingestion, features"):
        assigned(developer, model, stage="serving")


def test_only_who_may_register_the_teams_models_assigns(
    viewer: Actor, stranger: Actor, model: RegisteredModel, ada: User
) -> None:
    for actor in (viewer, stranger, SYSTEM):
        with pytest.raises(Forbidden):
            assigned(actor, model, owner=ada)
