"""What was in use before the portal, over REST."""

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.models import Team
from portal.overviews.declared import today
from tests.factories.registry import DeclaredReleaseFactory, RegisteredModelFactory, SealedVersionFactory
from tests.portal.api.callers import Caller, fields_of, problem_of

DECLARED = "/models/late/declared-releases"
DEADLINE = str(today() + timedelta(days=30))
BODY = {"in_use_since": "2021-03-01", "deadline": DEADLINE, "description": "Version 4."}


@pytest.fixture(autouse=True)
def model(team: Team) -> Any:
    return RegisteredModelFactory.create(slug="late", team=team)


def test_what_is_declared_is_shown_with_release_and_model(developer: Caller) -> None:
    made = developer.post(DECLARED, BODY)
    assert made.status_code == 201
    shown = made.json()
    assert made.headers["Location"].endswith(f"/api/v1/releases/{shown['id']}")
    assert developer.get(f"/releases/{shown['id']}").json() == shown
    assert (shown["state"], shown["version"], shown["deadline"], shown["overdue"]) == (
        "declared", None, DEADLINE, False
    )  # fmt: skip
    [declared] = developer.get("/models/late").json()["declared"]
    assert declared == {"environment": "production", **BODY}
    assert developer.get("/models", declared="true").json()["results"][0]["declared"] == [declared]
    assert developer.get("/models", declared="overdue").json()["results"] == []


def test_a_version_is_named_by_its_number(developer: Caller, model: Any) -> None:
    SealedVersionFactory.create(model=model, number=1)
    assert developer.post(DECLARED, {**BODY, "version": 1}).json()["version"] == "late v1"
    assert fields_of(developer.post(DECLARED, {**BODY, "version": 9}), 400, "invalid") == {"version"}


def test_what_is_wrong_is_named(developer: Caller, viewer: Caller, stranger: Caller) -> None:
    assert fields_of(developer.post(DECLARED, {}), 400, "invalid") == {"in_use_since", "deadline"}
    late = {**BODY, "deadline": "2036-01-01", "description": ""}
    assert fields_of(developer.post(DECLARED, late), 422, "invalid") == {"deadline", "description"}
    problem_of(viewer.post(DECLARED, BODY), 403, "missing_capability")
    problem_of(stranger.post(DECLARED, BODY), 404, "not_found")


def test_it_is_ended_once(developer: Caller, stranger: Caller, model: Any) -> None:
    release = DeclaredReleaseFactory.create(model=model, deadline=today() - timedelta(days=1))
    end = f"/releases/{release.pk}/end"
    assert developer.get(f"/releases/{release.pk}").json()["overdue"] is True
    problem_of(stranger.post(end, {"reason": "Over."}), 404, "not_found")
    ended = developer.post(end, {"reason": "Over."}).json()
    assert (ended["state"], ended["reason"], ended["overdue"]) == ("retired", "Over.", False)
    problem_of(developer.post(end, {"reason": "Over."}), 409, "not_usable")
