from datetime import timedelta
from typing import Any

import pytest

from governance.choices import RequestState
from governance.errors import BundleChanged, GateNotPassed, RequestNotOpen
from governance.models import ApprovalRequest, GateEvaluation
from governance.rules.bundles import PARTS, WHERE_READ, bundle_digest
from governance.selectors.bundles import what_changed
from governance.services import requests
from governance.services.gates import evaluate_gate
from governance.services.requests import open_request, request_release, void_request, withdraw_request
from monitoring.choices import RunState
from portal.accounts.choices import Role
from portal.accounts.selectors import actor_for_user
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Conflict, Forbidden, Invalid
from registry.choices import ReleaseState
from registry.models import ModelVersion, RegisteredModel, Release
from tests.factories.accounts import ServiceAccountFactory, actor_with
from tests.factories.governance import DecisionFactory, OpenRequestFactory, ready_version
from tests.factories.registry import ReleaseFactory
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db
RELEASE = {"environment": "production", "fallback": "A person decides.", "summary": "Better on every measure."}


def developer_of(version: ModelVersion) -> Actor:
    return actor_with(Role.DEVELOPER, team=version.model.team)


def test_request_covers_every_part_and_lies_open_with_its_seat() -> None:
    version = ready_version()
    actor = developer_of(version)
    request = request_release(actor=actor, version=version, **RELEASE)
    assert list(request.bundle) == [part for part in PARTS if part not in WHERE_READ]
    assert request.bundle_digest == bundle_digest(request.bundle)
    assert request.bundle["version"] == version.digest
    assert request.bundle["gate_evaluation"] == request.evaluation.digest
    assert (request.state, request.opened_by_id) == (RequestState.OPEN, actor.user_id)
    assert request.expires_at - request.opened_at == timedelta(days=14)
    assert [(seat.role, seat.meaning) for seat in request.seats.all()] == [("sign", "approval")]
    assert request.release.state == ReleaseState.PLANNED
    assert what_changed(request) == []
    assert replayed("request") == {str(request.pk): request.public_state()}


def test_planned_release_can_be_asked_for_later() -> None:
    release: Release = ReleaseFactory.create(version=ready_version())
    request = open_request(actor=developer_of(release.released), release=release, summary="First version.")
    assert request.release == release


def test_refusal_names_every_failing_check_and_leaves_the_evaluation_and_no_release() -> None:
    version = ready_version(state=RunState.FAILED)
    version.model.card_revisions.update(state="superseded")
    with pytest.raises(GateNotPassed) as refused:
        request_release(actor=developer_of(version), version=version, **RELEASE)
    assert set(refused.value.fields) == {"card", "validation"}
    assert "Card complete and published (failed)" in refused.value.message
    assert GateEvaluation.objects.get().outcome == "failed"
    assert not Release.objects.exists()
    assert not ApprovalRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_refused_evaluation_is_committed() -> None:
    version = ready_version(state=RunState.FAILED)
    release: Release = ReleaseFactory.create(version=version)
    with pytest.raises(GateNotPassed):
        open_request(actor=developer_of(version), release=release, summary="Once more.")
    assert replayed("gate_evaluation").keys() == {str(GateEvaluation.objects.get().pk)}


def test_what_changes_between_evaluation_and_opening_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    version = ready_version()

    def evaluated(**values: Any) -> GateEvaluation:
        found = evaluate_gate(**values)
        RegisteredModel.objects.filter(pk=version.model_id).update(tier=1)
        return found

    monkeypatch.setattr(requests, "evaluate_gate", evaluated)
    with pytest.raises(BundleChanged):
        request_release(actor=developer_of(version), version=version, **RELEASE)
    assert not Release.objects.exists()


def test_there_is_one_open_request_for_a_version_in_an_environment() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    version, actor = request.release.released, developer_of(request.release.released)
    with pytest.raises(Conflict, match=f"Request #{request.pk} is already open"):
        request_release(actor=actor, version=version, **RELEASE)
    with pytest.raises(Conflict, match="is already open"):
        open_request(actor=actor, release=ReleaseFactory.create(version=version), summary="Again.")
    with pytest.raises(Conflict, match=f"has had its request: #{request.pk} is open"):
        open_request(actor=actor, release=request.release, summary="Again.")
    request_release(actor=actor, version=version, **{**RELEASE, "environment": "staging"})


def test_after_a_closed_request_another_one_can_be_opened() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    withdraw_request(actor=actor_for_user(request.opened_by, interactive=True), request=request)
    version = request.release.released
    assert request_release(actor=developer_of(version), version=version, **RELEASE).state == RequestState.OPEN


def test_release_that_is_active_is_not_asked_for_again() -> None:
    request = DecisionFactory.create().request
    with pytest.raises(Conflict):
        request_release(actor=developer_of(request.release.released), version=request.release.released, **RELEASE)


def test_texts_and_environment_are_checked_before_anything_is_evaluated() -> None:
    version = ready_version()
    with pytest.raises(Invalid) as refused:
        request_release(actor=developer_of(version), version=version, environment="moon", fallback=" ", summary="a\0b")
    assert set(refused.value.fields) == {"environment", "fallback", "summary"}
    assert not GateEvaluation.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.DEVELOPER])
def test_only_developers_ask(role: Role) -> None:
    version = ready_version()
    with pytest.raises(Forbidden):
        request_release(actor=actor_with(role, team=version.model.team), version=version, **RELEASE)
    with pytest.raises(Forbidden):
        open_request(actor=actor_with(role), release=ReleaseFactory.create(version=version), summary="Mine.")


def test_the_system_opens_no_request() -> None:
    with pytest.raises(Forbidden, match="Only a person or a service account"):
        request_release(actor=SYSTEM, version=ready_version(), **RELEASE)


def test_only_the_opener_withdraws_and_only_what_is_open() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    with pytest.raises(Forbidden, match="who opened the request, withdraws it"):
        withdraw_request(actor=developer_of(request.release.released), request=request)
    opener = actor_for_user(request.opened_by, interactive=False)
    closed = withdraw_request(actor=opener, request=request)
    assert closed.state == RequestState.WITHDRAWN
    assert closed.closed_at is not None
    assert replayed("request") == {str(closed.pk): closed.public_state()}
    with pytest.raises(RequestNotOpen, match="was withdrawn"):
        withdraw_request(actor=opener, request=request)


def test_request_is_voided_only_if_something_that_it_covers_changed() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    assert not void_request(actor=SYSTEM, request=request, event="registry.card.published")
    RegisteredModel.objects.filter(pk=request.release.model_id).update(tier=1)
    assert void_request(actor=SYSTEM, request=request, event="registry.model.tier_raised")
    request.refresh_from_db()
    assert request.state == RequestState.VOIDED
    assert request.void_cause is not None
    assert [part["part"] for part in request.void_cause["parts"]] == ["tier"]
    with pytest.raises(RequestNotOpen, match=r"is void: what it covered has changed \(tier\)"):
        requests.require_open(request)


def test_service_account_may_ask() -> None:
    version = ready_version()
    machine = ServiceAccountFactory.create()
    person = actor_with(Role.DEVELOPER, team=version.model.team)
    actor = Actor(id=machine.actor_id, kind="service", name="CI", user_id=machine.pk, grants=person.grants)
    assert request_release(actor=actor, version=version, **RELEASE).opened_by == machine
