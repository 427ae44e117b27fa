"""Releases and approval requests over REST; signing is not among them."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import get_resolver

from governance.models import ApprovalRequest, Decision
from portal.accounts.choices import Role
from portal.accounts.models import Team
from registry.models import ModelVersion, Release
from tests.factories.accounts import PASSWORD
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory, ready_version
from tests.factories.registry import CardRevisionFactory, ReleaseFactory, SealedVersionFactory, VersionFactory
from tests.portal.api.callers import Caller, caller, fields_of, problem_of

PLAN = {"version": 1, "environment": "production", "fallback": "A person decides."}


@pytest.fixture
def version(team: Team) -> ModelVersion:
    return ready_version(team=team)


def releases(version: ModelVersion) -> str:
    return f"/models/{version.model.slug}/releases"


def requests(release: Release) -> str:
    return f"/releases/{release.pk}/approval-requests"


def test_release_is_planned_and_its_approval_asked_for(developer: Caller, version: ModelVersion) -> None:
    planned = developer.post(releases(version), PLAN)
    assert (planned.status_code, planned.json()["state"]) == (201, "planned")
    assert developer.get(releases(version)).json()["results"] == [planned.json()]
    opened = developer.post(f"/releases/{planned.json()['id']}/approval-requests", {"summary": "More months."})
    assert (opened.status_code, opened.json()["state"], opened.json()["decisions"]) == (201, "open", [])
    body = developer.get(f"/approval-requests/{opened.json()['id']}").json()
    assert body == opened.json()
    assert body["release"]["id"] == planned.json()["id"]
    assert {check["outcome"] for check in body["gate"]} == {"passed"}
    assert len(body["bundle_digest"]) == 64
    assert body["page"] == f"/reviews/{body['id']}"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"version": 9}, 400, "version"),
        ({"version": 10**30}, 400, "version"),
        ({"version": "one"}, 400, "version"),
        ({"environment": "moon"}, 400, "environment"),
        ({"fallback": " "}, 400, "fallback"),
        ({"state": "active"}, 400, "state"),
    ],
)
def test_release_that_breaks_a_rule_is_refused(
    developer: Caller, version: ModelVersion, change: dict[str, Any], status: int, field: str
) -> None:
    assert fields_of(developer.post(releases(version), PLAN | change), status, "invalid") == {field}
    assert not Release.objects.exists()


def test_only_a_sealed_version_is_released(developer: Caller, team: Team) -> None:
    receiving = VersionFactory.create(model__team=team)
    assert problem_of(developer.post(releases(receiving), PLAN), 409, "not_usable")


def test_gate_that_is_not_passed_refuses_the_request_and_says_why(developer: Caller, team: Team) -> None:
    failed = ready_version(team=team, state="failed")
    release = ReleaseFactory.create(version=failed)
    problem = problem_of(developer.post(requests(release), {"summary": "x"}), 409, "gate_not_passed")
    assert "validation" in str(problem).lower()
    unvalidated = ReleaseFactory.create(version=SealedVersionFactory.create(model__team=team))
    assert problem_of(developer.post(requests(unvalidated), {"summary": "x"}), 409, "gate_not_passed")
    assert not ApprovalRequest.objects.exists()


def test_second_request_of_a_release_is_refused(developer: Caller, version: ModelVersion) -> None:
    request = OpenRequestFactory.create(version=version)
    assert problem_of(developer.post(requests(request.release), {"summary": "x"}), 409, "request_exists")
    another = ReleaseFactory.create(version=version)
    assert problem_of(developer.post(requests(another), {"summary": "x"}), 409, "request_is_open")


def test_request_needs_a_summary(developer: Caller, version: ModelVersion) -> None:
    release = ReleaseFactory.create(version=version)
    assert fields_of(developer.post(requests(release), {}), 400, "invalid") == {"summary"}


def test_decision_is_shown_with_its_envelope(viewer: Caller, version: ModelVersion) -> None:
    request = ApprovedRequestFactory.create(version=version)
    body = viewer.get(f"/approval-requests/{request.pk}").json()
    assert (body["state"], body["release"]["state"]) == ("approved", "active")
    (decision,) = body["decisions"]
    assert decision["bundle_digest"] == body["bundle_digest"]
    assert set(decision["envelope"]) >= {"payload", "payloadType", "signatures"}
    assert "rationale" not in decision


def test_state_is_the_one_at_this_moment(
    viewer: Caller, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = OpenRequestFactory.create(version=version)
    later = request.expires_at + timedelta(seconds=1)
    monkeypatch.setattr("governance.selectors.requests.now", lambda: later)
    assert viewer.get(f"/approval-requests/{request.pk}").json()["state"] == "expired"


def test_token_can_not_sign(team: Team, version: ModelVersion) -> None:
    """There is no address for it, and the page that signs does not take tokens."""
    request = OpenRequestFactory.create(version=version)
    approver = caller(Role.APPROVER, team=team)
    form = {
        "verdict": "approve", "meaning": "approval", "rationale": "Good.", "shown_digest": request.bundle_digest,
        "password": PASSWORD,
    }  # fmt: skip
    for path in (f"/approval-requests/{request.pk}", f"/approval-requests/{request.pk}/sign"):
        assert approver.post(path, form).status_code in {404, 405}
    page = approver.client.post(f"/reviews/{request.pk}/sign", form)
    assert (page.status_code, page["Location"].split("?")[0]) == (302, "/accounts/login/")
    assert not Decision.objects.exists()
    names = [key for key in get_resolver().reverse_dict if isinstance(key, str)]
    assert [name for name in names if name.startswith("api_") and "sign" in name.split("_")] == []


def test_viewers_ask_for_nothing_and_strangers_see_nothing(
    viewer: Caller, stranger: Caller, version: ModelVersion
) -> None:
    request = OpenRequestFactory.create(version=version)
    for path, body in ((releases(version), PLAN), (requests(request.release), {"summary": "x"})):
        assert problem_of(viewer.post(path, body), 403, "missing_capability")
        assert problem_of(stranger.post(path, body), 404, "not_found")
    for path in (releases(version), f"/approval-requests/{request.pk}"):
        assert viewer.get(path).status_code == 200
        assert problem_of(stranger.get(path), 404, "not_found")


def test_version_number_of_another_model_is_none_of_this_one(developer: Caller, version: ModelVersion) -> None:
    other = SealedVersionFactory.create(model__team=version.model.team, number=5)
    CardRevisionFactory.create(model=other.model)
    assert fields_of(developer.post(releases(version), PLAN | {"version": 5}), 400, "invalid") == {"version"}
