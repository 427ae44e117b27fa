"""A team's setting for pickles over REST."""

import json
from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.clock import now
from tests.factories.accounts import person_with
from tests.portal.api.callers import V1, Caller, fresh_client, problem_of

PATH = "/teams/lending/pickles"


def test_everybody_of_the_team_reads_whether_pickles_are_let_in(viewer: Caller, stranger: Caller, team: Team) -> None:
    assert viewer.get(PATH).json() == {"team": "lending", "allowed": False, "until": None, "reason": ""}
    assert problem_of(stranger.get(PATH), 404, "not_found")


def put(client: Any, body: dict[str, Any]) -> Any:
    return client.generic("PUT", V1 + PATH, json.dumps(body), content_type="application/json")


def test_an_administrators_session_sets_it_and_no_token(developer: Caller, team: Team) -> None:
    until = (now() + timedelta(days=9)).isoformat()
    assert problem_of(put(developer.client, {"until": until, "reason": "Old."}), 403, "missing_capability")
    browser = fresh_client()
    browser.force_login(person_with(Role.ADMIN))
    allowed = put(browser, {"until": until, "reason": "Old."})
    assert (allowed.status_code, allowed.json()["allowed"], allowed.json()["reason"]) == (200, True, "Old.")
    assert problem_of(put(browser, {"until": until}), 422, "invalid")
    assert put(browser, {"until": None}).json()["allowed"] is False


@pytest.mark.parametrize("slug", ["nowhere", "pricing"])
def test_a_team_that_is_not_there_is_not_found(viewer: Caller, slug: str) -> None:
    assert problem_of(viewer.get(f"/teams/{slug}/pickles"), 404, "not_found")
