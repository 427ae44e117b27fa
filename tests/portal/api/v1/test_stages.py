"""Pipeline stages over REST."""

import json
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from registry.choices import Stage
from registry.models import RegisteredModel
from tests.factories.accounts import ServiceAccountFactory, TeamFactory, person_with
from tests.factories.registry import RegisteredModelFactory
from tests.portal.api.callers import V1, Caller, fields_of, problem_of

STAGES = "/models/limits/stages"


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    found: RegisteredModel = RegisteredModelFactory.create(slug="limits", team=team)
    return found


@pytest.fixture
def ada(team: Team) -> User:
    return person_with(Role.VIEWER, team=team, email="ada@example.org")


def put(who: Caller, stage: str, body: Any) -> Any:
    return who.client.put(f"{V1}{STAGES}/{stage}", json.dumps(body), content_type="application/json")


def test_a_model_has_six_stages_in_order_that_nobody_owns(viewer: Caller, model: RegisteredModel) -> None:
    answer = viewer.get(STAGES).json()
    assert answer["without_owner"] == 6
    assert [row["stage"] for row in answer["stages"]] == Stage.values
    assert answer["stages"][2] == {
        "stage": "training", "state": "no_owner", "gate": "training gate", "owner": None, "owner_team": None,
        "backup": None, "response_hours": None, "changed_at": None,
    }  # fmt: skip


def test_a_person_owns_a_stage_then_a_team_then_nobody(developer: Caller, model: RegisteredModel, ada: User) -> None:
    named = put(
        developer, "training", {"owner": "Ada@example.org", "backup": developer.user.email, "response_hours": 4}
    )
    assert named.status_code == 200
    assert (named.json()["owner"], named.json()["state"]) == ("ada@example.org", "owned")
    assert (named.json()["backup"], named.json()["response_hours"]) == (developer.user.email, 4)
    team = put(developer, "training", {"owner_team": "lending", "owner": None}).json()
    assert (team["owner"], team["owner_team"], team["backup"], team["response_hours"]) == (None, "lending", None, None)
    assert developer.get(STAGES).json()["without_owner"] == 5
    assert put(developer, "training", {}).json()["state"] == "no_owner"


def test_an_owner_whose_account_is_closed_is_told_and_counted(
    developer: Caller, model: RegisteredModel, ada: User
) -> None:
    put(developer, "training", {"owner": ada.email})
    User.objects.filter(pk=ada.pk).update(is_active=False)
    answer = developer.get(STAGES).json()
    assert (answer["without_owner"], answer["stages"][2]["state"]) == (6, "owner_deactivated")


def test_who_can_not_answer_is_refused_by_field(developer: Caller, model: RegisteredModel, ada: User) -> None:
    robot = ServiceAccountFactory.create(owner=ada)
    for address in ("nobody@example.org", robot.email):
        assert fields_of(put(developer, "training", {"owner": address}), 422, "invalid") == {"owner"}
        assert fields_of(put(developer, "training", {"backup": address}), 422, "invalid") == {"backup"}
    TeamFactory.create(slug="pricing")
    assert fields_of(put(developer, "training", {"owner_team": "pricing"}), 422, "invalid") == {"owner_team"}
    both = {"owner": ada.email, "owner_team": "lending"}
    assert fields_of(put(developer, "training", both), 422, "invalid") == {"owner_team"}
    assert fields_of(put(developer, "training", {"owner": ada.email, "backup": ada.email}), 422, "invalid") == {
        "backup"
    }


def test_what_is_not_of_the_form_is_refused(developer: Caller, model: RegisteredModel) -> None:
    wrong = {"response_hours": 721, "owner": "ada", "hours": 4}
    assert fields_of(put(developer, "training", wrong | {"response_hours": "4"}), 400, "invalid") == {
        "hours",
        "response_hours",
    }
    del wrong["hours"]
    assert fields_of(put(developer, "training", wrong), 400, "invalid") == {"response_hours", "owner"}


def test_viewers_name_nobody_and_strangers_see_nothing(
    developer: Caller, viewer: Caller, stranger: Caller, model: RegisteredModel
) -> None:
    assert problem_of(put(viewer, "training", {}), 403, "missing_capability")
    assert problem_of(put(stranger, "training", {}), 404, "not_found")
    assert problem_of(stranger.get(STAGES), 404, "not_found")
    assert problem_of(put(developer, "serving", {}), 404, "not_found")
