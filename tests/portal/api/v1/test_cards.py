"""Card revisions over REST."""

import pytest

from portal.accounts.models import Team
from registry.models import RegisteredModel
from tests.factories.registry import RegisteredModelFactory
from tests.portal.api.callers import Caller, fields_of, problem_of

BODY = {"intended_use": "Ranks calls.", "limitations": "Knows one country.", "out_of_scope_use": "Prices."}
CARDS = "/models/limits/card-revisions"


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    found: RegisteredModel = RegisteredModelFactory.create(slug="limits", team=team)
    return found


def test_card_is_drafted_then_published_and_supersedes_the_former(developer: Caller, model: RegisteredModel) -> None:
    drafted = developer.post(CARDS, BODY)
    assert (drafted.status_code, drafted.json()["state"]) == (201, "draft")
    assert developer.post(f"{CARDS}/1/publish").json()["state"] == "published"
    developer.post(CARDS, BODY | {"limitations": "Knows two countries."})
    assert developer.post(f"{CARDS}/2/publish").status_code == 200
    assert [(row["number"], row["state"]) for row in developer.get(CARDS).json()["results"]] == [
        (2, "published"),
        (1, "superseded"),
    ]


def test_card_is_published_once(developer: Caller, model: RegisteredModel) -> None:
    developer.post(CARDS, BODY)
    developer.post(f"{CARDS}/1/publish")
    assert problem_of(developer.post(f"{CARDS}/1/publish"), 409, "not_usable")


def test_every_text_is_needed(developer: Caller, model: RegisteredModel) -> None:
    assert fields_of(developer.post(CARDS, {"intended_use": " "}), 400, "invalid") == set(BODY)


def test_viewers_write_nothing_and_strangers_see_nothing(
    developer: Caller, viewer: Caller, stranger: Caller, model: RegisteredModel
) -> None:
    developer.post(CARDS, BODY)
    assert len(viewer.get(CARDS).json()["results"]) == 1
    for path, body in ((CARDS, BODY), (f"{CARDS}/1/publish", {})):
        assert problem_of(viewer.post(path, body), 403, "missing_capability")
        assert problem_of(stranger.post(path, body), 404, "not_found")
    assert problem_of(stranger.get(CARDS), 404, "not_found")
    assert problem_of(developer.post(f"{CARDS}/7/publish"), 404, "not_found")
