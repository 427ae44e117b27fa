from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from registry.models import RegisteredModel
from tests.factories.accounts import ServiceAccountFactory, TeamFactory, person_with
from tests.factories.registry import PipelineStageFactory, RegisteredModelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def model() -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(slug="late-arrival", team__name="Operations")
    return made


@pytest.fixture
def developer(client: Client, model: RegisteredModel) -> User:
    user = person_with(Role.DEVELOPER, team=model.team, name="Dana")
    client.force_login(user)
    return user


def address(model: RegisteredModel, stage: str = "training") -> str:
    return reverse("stage", args=[model.slug, stage])


def options(client: Client, model: RegisteredModel, field: str) -> list[str]:
    choices: Any = client.get(address(model)).context["form"].fields[field].choices
    flat = [one for group in choices for one in (group[1] if isinstance(group[1], list) else [group])]
    return [label for _, label in flat]


def test_an_owner_is_named_and_the_models_page_says_so(client: Client, developer: User, model: RegisteredModel) -> None:
    ada = person_with(Role.VIEWER, team=model.team, name="Ada")
    page = client.get(address(model)).content.decode()
    assert "Training has no owner" in page
    assert "before the training gate" in page
    sent = {"owner": f"user:{ada.pk}", "backup": f"user:{developer.pk}", "response_hours": "24"}
    answer = client.post(address(model), sent, follow=True)
    assert answer.redirect_chain == [(f"{model.get_absolute_url()}#stages", 302)]
    page = answer.content.decode()
    assert "Training is owned by Ada." in page
    stages = page[page.index('id="stages"') : page.index("Open requests")]
    assert "5 of 6 without an owner" in stages
    assert "24 h" in stages
    assert "Dana" in stages
    assert stages.count("No owner") == 5
    assert "Ada owns training" in client.get(address(model)).content.decode()


def test_a_team_is_named_and_taken_off_again(client: Client, developer: User, model: RegisteredModel) -> None:
    client.post(address(model), {"owner": f"team:{model.team_id}"})
    assert model.stages.get(stage="training").owner_team == model.team
    page = client.post(address(model), {"owner": ""}, follow=True).content.decode()
    assert "Training has no owner." in page
    assert model.stages.get(stage="training").owner is None


def test_what_is_refused_stays_in_the_form(client: Client, developer: User, model: RegisteredModel) -> None:
    sent = {"owner": f"user:{developer.pk}", "backup": f"user:{developer.pk}", "response_hours": "8"}
    answer = client.post(address(model), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Not saved." in page
    assert "somebody else than the owner" in page
    assert 'value="8"' in page
    for wrong in ({"owner": "user:0"}, {"owner": "x"}, {"response_hours": "721"}, {"backup": f"team:{model.team_id}"}):
        assert client.post(address(model), wrong).status_code == 422
    assert model.stages.get(stage="training").changed_at is None


def test_people_who_may_read_the_model_and_teams_that_one_sees_are_offered(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    validator = person_with(Role.VALIDATOR, name="Victor")
    robot = ServiceAccountFactory.create(owner=developer, name="Robot")
    hidden: Team = TeamFactory.create(name="Hidden")
    person_with(Role.DEVELOPER, team=hidden, name="Stranger")
    offered = options(client, model, "owner")
    assert offered == ["No owner", f"Dana, {developer.email}", f"Victor, {validator.email}", "Operations"]
    assert robot.name not in "".join(offered)
    assert options(client, model, "backup")[0] == "No backup"
    PipelineStageFactory.create(model=model, owner_user=None, owner_team=hidden)
    assert options(client, model, "owner")[-2:] == ["Hidden", "Operations"]


def test_an_owner_whose_account_is_closed_is_no_owner_but_stays_chosen(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    gone = person_with(Role.DEVELOPER, team=model.team, name="Gone", is_active=False)
    PipelineStageFactory.create(model=model, owner_user=gone)
    page = client.get(address(model)).content.decode()
    assert "Training has no owner" in page
    assert "Owner deactivated" in page
    assert "Gone, account closed" in page
    refused = client.post(address(model), {"owner": f"user:{gone.pk}", "response_hours": "4"})
    assert "This account is deactivated" in refused.content.decode()
    page = client.get(model.get_absolute_url()).content.decode()
    assert "6 of 6 without an owner" in page
    assert "Owner deactivated" in page


def test_who_may_not_name_an_owner_is_told_who_may(client: Client, model: RegisteredModel) -> None:
    client.force_login(person_with(Role.VIEWER, team=model.team))
    page = client.get(address(model)).content.decode()
    assert "A developer of Operations names owners." in page
    assert "<select" not in page
    refused = client.post(address(model), {"owner": ""})
    assert refused.status_code == 422
    assert "may not register and describe models" in refused.content.decode()
    assert "Name owner" not in client.get(model.get_absolute_url()).content.decode()


def test_other_stages_and_other_teams_models_answer_404(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    assert client.get(address(model, "serving")).status_code == 404
    assert client.get(address(RegisteredModelFactory.create())).status_code == 404
