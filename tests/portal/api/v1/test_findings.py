"""Findings over REST."""

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.clock import now
from registry.models import Finding, RegisteredModel
from tests.factories.accounts import person_with
from tests.factories.registry import FindingFactory, RegisteredModelFactory, SealedVersionFactory
from tests.portal.api.callers import Caller, caller, fields_of, problem_of

pytestmark = pytest.mark.django_db
FINDINGS = "/models/limits/findings"
SAID = {"title": "Too high", "description": "See run 3.", "severity": "medium", "stage": "training"}


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(slug="limits", team=team)
    return made


@pytest.fixture
def validator(db: None) -> Caller:
    return caller(Role.VALIDATOR, team=None)


def done(who: Caller, move: str, number: int = 1, **more: Any) -> Any:
    return who.post(f"{FINDINGS}/{number}/moves", {"move": move, **more})


def test_a_finding_is_raised_remediated_and_closed(
    developer: Caller, validator: Caller, model: RegisteredModel
) -> None:
    SealedVersionFactory.create(model=model, number=3)
    body = {**SAID, "version": 3, "holder": developer.user.email, "due": "2026-12-24T12:00:00Z"}
    answer = validator.post(FINDINGS, body)
    assert answer.status_code == 201
    assert answer["Location"].endswith("/api/v1/models/limits/findings/1")
    made = answer.json()
    assert {name: made[name] for name in (*body, "line", "state", "overdue", "model")} == {
        **body, "line": "second", "state": "open", "overdue": False, "model": "limits",
    }  # fmt: skip
    assert done(developer, "start").json()["state"] == "in_remediation"
    assert done(developer, "hand_in", comment="Recalibrated.").json()["state"] == "ready_to_verify"
    problem_of(done(developer, "close", comment="Fine."), 403, "not_your_finding")
    closed = done(validator, "close", comment="Run 5 passes.").json()
    assert (closed["state"], closed["holder"], closed["due"]) == ("closed", None, None)
    history = developer.get(f"{FINDINGS}/1").json()["history"]
    assert [one["move"] for one in history] == ["raise", "start", "hand_in", "close"]
    assert history[-1]["comment"] == "Run 5 passes."
    problem_of(done(validator, "close", comment="Again."), 409, "not_usable")


def test_the_lists_are_scoped_and_narrowed(
    developer: Caller, stranger: Caller, viewer: Caller, model: RegisteredModel
) -> None:
    FindingFactory.create(model=model, severity="high", holder=developer.user)
    FindingFactory.create(model=model, due=now() - timedelta(days=1))
    assert stranger.get("/findings").json()["results"] == []
    problem_of(stranger.get(FINDINGS), 404, "not_found")
    problem_of(stranger.get(f"{FINDINGS}/1"), 404, "not_found")
    for query, numbers in (
        ({}, [2, 1]),
        ({"severity": "high"}, [1]),
        ({"overdue": "true"}, [2]),
        ({"holder": developer.user.email}, [1]),
        ({"holder": "nobody"}, [2]),
        ({"model": "other"}, []),
    ):
        for path in ("/findings", FINDINGS):
            assert [one["number"] for one in viewer.get(path, **query).json()["results"]] == numbers, query
    assert [one["number"] for one in developer.get("/findings", holder="me").json()["results"]] == [1]
    problem_of(viewer.get("/findings", colour="red"), 400, "invalid")


def test_a_move_takes_its_own_fields_and_no_others(developer: Caller, model: RegisteredModel) -> None:
    FindingFactory.create(model=model, line="first", due=now() + timedelta(days=7))
    assert fields_of(done(developer, "burn"), 400, "invalid") == {"move"}
    assert fields_of(done(developer, "start", severity="low"), 400, "invalid") == {"severity"}
    assert fields_of(done(developer, "hand_over"), 400, "invalid") == {"holder"}
    assert fields_of(done(developer, "change_severity", comment="So."), 400, "invalid") == {"severity"}
    assert fields_of(done(developer, "change_severity", severity="high"), 422, "invalid") == {"comment"}
    assert fields_of(done(developer, "hand_over", holder="nobody@example.org"), 400, "invalid") == {"holder"}
    handed = done(developer, "hand_over", holder=developer.user.email).json()
    assert handed["due"] is not None
    assert done(developer, "hand_over", holder=developer.user.email, due=None).json()["due"] is None


def test_only_who_may_raise_and_a_token_with_the_scope(
    viewer: Caller, developer: Caller, model: RegisteredModel
) -> None:
    problem_of(viewer.post(FINDINGS, SAID), 403, "missing_capability")
    narrow = Caller(developer.user, scopes=("read",))
    problem_of(narrow.post(FINDINGS, SAID), 403, "missing_capability")
    assert fields_of(developer.post(FINDINGS, {**SAID, "version": 9}), 400, "invalid") == {"version"}
    auditor = person_with(Role.AUDITOR)
    assert fields_of(developer.post(FINDINGS, {**SAID, "holder": auditor.email}), 422, "invalid") == {"holder"}
    assert not Finding.objects.exists()
