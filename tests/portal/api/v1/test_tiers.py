"""Tier assessments over REST."""

from typing import Any

import pytest

from portal.accounts.models import Team, User
from registry.choices import Level
from registry.models import RegisteredModel
from registry.selectors import questionnaire
from tests.factories.governance import OpenRequestFactory, ready_version
from tests.factories.registry import RegisteredModelFactory, answers_at
from tests.portal.api.callers import Caller, fields_of, problem_of

PATH = "/models/limits/tier-assessments"


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    found: RegisteredModel = RegisteredModelFactory.create(slug="limits", team=team, tier=2)
    return found


def body(level: Level, **values: Any) -> dict[str, Any]:
    return {"shown_digest": questionnaire().digest, "answers": answers_at(level), "rationale": "So."} | values


def test_the_questionnaire_tells_all_that_an_assessment_needs(viewer: Caller) -> None:
    asked = viewer.get("/tier-questionnaire").json()
    assert (asked["version"], asked["digest"]) == (questionnaire().version, questionnaire().digest)
    assert [axis["key"] for axis in asked["axes"]] == ["exposure", "purpose", "complexity"]
    answers = {q["key"]: q["answers"][0]["key"] for axis in asked["axes"] for q in axis["questions"]}
    assert answers == answers_at(Level.LOW)
    assert len(asked["tiers"]) == 27
    assert asked["tiers"][-1] == {"exposure": "high", "purpose": "high", "complexity": "high", "tier": 1}


def test_a_raised_tier_is_the_models_at_once(developer: Caller, model: RegisteredModel) -> None:
    assert developer.get("/models/limits").json()["tier_standing"] == "not_assessed"
    answer = developer.post(PATH, body(Level.HIGH))
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"].endswith(f"{PATH}/1")
    assert (made["state"], made["tier"], made["computed_tier"], made["tier_before"]) == ("in_force", 1, 1, 2)
    assert (made["exposure"], made["assessed_by"], made["independent"]) == ("high", developer.user.email, False)
    assert made["raised"] == {"voided_requests": [], "lacking": []}
    shown = developer.get("/models/limits").json()
    assert (shown["tier"], shown["tier_standing"]) == (1, "assessed_by_first_line")
    assert developer.get(f"{PATH}/1").json() == made


def test_a_raised_tier_tells_which_request_is_void_and_what_the_version_lacks(developer: Caller, team: Team) -> None:
    version = ready_version(team=team)
    RegisteredModel.objects.filter(pk=version.model_id).update(tier=3)
    User.objects.filter(pk=version.created_by_id).update(email="another@example.org")
    request = OpenRequestFactory.create(version=version)
    made = developer.post(f"/models/{version.model.slug}/tier-assessments", body(Level.MEDIUM)).json()
    assert made["tier"] == 2
    assert made["raised"]["voided_requests"] == [{"request": request.pk, "version": version.number}]
    [lacking] = made["raised"]["lacking"]
    assert (lacking["version"], lacking["check"]) == (version.number, "Authors known")
    assert "under which the commit authors have accounts" in lacking["remedy"]


def test_a_lower_tier_stays_proposed_and_is_taken_back(developer: Caller, model: RegisteredModel) -> None:
    developer.post(PATH, body(Level.MEDIUM))
    made = developer.post(PATH, body(Level.LOW)).json()
    assert (made["number"], made["state"], made["tier"], made["raised"]) == (2, "proposed", 3, None)
    assert developer.get("/models/limits").json()["tier"] == 2
    assert [row["number"] for row in developer.get(PATH, state="proposed").json()["results"]] == [2]
    taken = developer.post(f"{PATH}/2/withdraw", {}).json()
    assert (taken["state"], taken["ended_at"] is not None) == ("withdrawn", True)
    assert problem_of(developer.post(f"{PATH}/2/withdraw", {}), 409, "not_usable")
    assert [row["state"] for row in developer.get(PATH).json()["results"]] == ["withdrawn", "in_force"]


def test_what_is_left_open_or_lowered_by_hand_is_refused_by_field(developer: Caller, model: RegisteredModel) -> None:
    answers = answers_at(Level.MEDIUM)
    del answers["loss"]
    wrong = body(Level.MEDIUM, answers=answers | {"data": "unknown", "mood": "good"})
    assert fields_of(developer.post(PATH, wrong), 422, "invalid") == {"loss", "data", "answers"}
    assert fields_of(developer.post(PATH, body(Level.MEDIUM, tier=3)), 422, "invalid") == {"tier"}
    assert fields_of(developer.post(PATH, body(Level.MEDIUM, tier=4)), 400, "invalid") == {"tier"}
    assert fields_of(developer.post(PATH, {"answers": []}), 400, "invalid") == {"answers", "shown_digest", "rationale"}
    assert problem_of(developer.post(PATH, body(Level.MEDIUM, shown_digest="0")), 409, "conflict")
    assert developer.get(PATH).json()["results"] == []


def test_who_reads_does_not_assess_and_strangers_see_nothing(
    viewer: Caller, stranger: Caller, model: RegisteredModel
) -> None:
    assert problem_of(viewer.post(PATH, body(Level.HIGH)), 403, "missing_capability")
    assert problem_of(stranger.post(PATH, body(Level.HIGH)), 404, "not_found")
    assert problem_of(stranger.get(PATH), 404, "not_found")
    assert problem_of(viewer.get(f"{PATH}/1"), 404, "not_found")


def test_models_are_listed_by_what_their_tier_rests_on(developer: Caller, team: Team, model: RegisteredModel) -> None:
    RegisteredModelFactory.create(slug="other", team=team)
    developer.post(PATH, body(Level.MEDIUM))
    for standing, slugs in (("assessed_by_first_line", ["limits"]), ("not_assessed", ["other"])):
        rows = developer.get("/models", tier_standing=standing).json()["results"]
        assert [row["slug"] for row in rows] == slugs
