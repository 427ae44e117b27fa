from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from governance.choices import RequestState
from governance.models import ApprovalRequest
from monitoring.models import ValidationRun
from monitoring.services.runs import begin_run, finish_run, request_run
from portal.accounts.choices import Role
from portal.core.actors import SYSTEM
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.choices import Level
from registry.events import VERSION_QUARANTINED
from registry.models import CardRevision, ModelVersion, RegisteredModel
from registry.selectors import questionnaire
from registry.services.cards import draft_card, publish_card
from registry.services.governed import activate_release
from registry.services.tiers import assess_tier
from registry.services.versions import withdraw_version
from tests.factories.accounts import actor_with
from tests.factories.governance import DecisionFactory, OpenRequestFactory, next_version, ready_version
from tests.factories.monitoring import simulated
from tests.factories.registry import ReleaseFactory, answers_at
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db
CARD = {"intended_use": "Ranks calls.", "limitations": "Knows one country.", "out_of_scope_use": "Never for prices."}


def publish(request: ApprovalRequest, **texts: str) -> CardRevision:
    developer = actor_with(Role.DEVELOPER)
    card = draft_card(actor=developer, model=request.release.model, **{**CARD, **texts})
    return publish_card(actor=developer, revision=card)


def measure_again(version: ModelVersion, note: str) -> ValidationRun:
    run = request_run(actor=SYSTEM, version=version)
    begin_run(run_id=run.pk)
    result = simulated(has_champion=run.champion_id is not None)
    results = {**(result.results or {}), "claims": [], "notes": [note]}
    return finish_run(run_id=run.pk, result=replace(result, results=results))


def cause(request: ApprovalRequest) -> tuple[str, list[str]]:
    request.refresh_from_db()
    assert request.state == RequestState.VOIDED
    assert request.closed_at is not None
    assert replayed("request")[str(request.pk)] == request.public_state()
    given: dict[str, Any] = request.void_cause or {}
    assert all(part["before"] == request.bundle[part["part"]] != part["after"] for part in given["parts"])
    return given["event"], [part["part"] for part in given["parts"]]


def is_open(request: ApprovalRequest) -> bool:
    request.refresh_from_db()
    return request.state == RequestState.OPEN


def test_publishing_a_changed_card_voids_the_request_naming_what_changed() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    publish(request, limitations="Knows two countries.")
    assert cause(request) == ("registry.card.published", ["card"])


def test_drafting_a_card_or_publishing_the_same_text_changes_nothing() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    draft_card(actor=actor_with(Role.DEVELOPER), model=request.release.model, **{**CARD, "limitations": "None."})
    publish(request)
    assert is_open(request)


def test_voiding_and_its_cause_stand_or_fall_together() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    with transaction.atomic():
        publish(request, limitations="Knows two countries.")
        transaction.set_rollback(True)
    assert is_open(request)
    assert CardRevision.objects.get().limitations == CARD["limitations"]


def test_withdrawing_the_version_voids_the_request() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    withdraw_version(actor=actor_with(Role.DEVELOPER), version=request.release.released, reason="A bug.")
    assert cause(request) == ("registry.version.withdrawn", ["version"])


def test_quarantine_voids_the_request() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    version = request.release.released
    with transaction.atomic():
        version.state = "quarantined"
        version.save(update_fields=["state"])
        append(
            actor=SYSTEM,
            event=VERSION_QUARANTINED,
            subject=Subject("version", str(version.pk), str(version), version.model.team_id),
            data=version.public_state(),
        )
    assert cause(request) == ("registry.version.quarantined", ["version"])


def test_new_run_of_the_version_voids_the_request_if_it_found_something_else() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    covered = request.evaluation.run
    assert covered is not None
    assert covered.results is not None
    measure_again(request.release.released, covered.results["notes"][0])
    assert is_open(request)
    measure_again(request.release.released, "on another day")
    assert cause(request) == ("monitoring.run.finished", ["validation_results"])


def test_run_of_another_version_changes_nothing() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    measure_again(next_version(model=request.release.model), "other")
    assert is_open(request)


def test_another_version_in_production_voids_the_request_that_was_compared_with_the_former() -> None:
    version = ready_version()
    request: ApprovalRequest = OpenRequestFactory.create(version=version)
    DecisionFactory.create(request=OpenRequestFactory.create(version=next_version(model=version.model)))
    assert cause(request) == ("registry.release.activated", ["production"])


def test_release_in_staging_changes_nothing() -> None:
    version = ready_version()
    request: ApprovalRequest = OpenRequestFactory.create(version=version)
    activate_release(actor=SYSTEM, release=ReleaseFactory.create(version=version, environment="staging"))
    assert is_open(request)


def test_closed_and_foreign_requests_are_left_alone() -> None:
    decision = DecisionFactory.create()
    foreign: ApprovalRequest = OpenRequestFactory.create()
    publish(decision.request, limitations="Knows two countries.")
    decision.request.refresh_from_db()
    assert decision.request.state == RequestState.APPROVED
    assert is_open(foreign)


@pytest.mark.parametrize(("level", "voids"), [(Level.HIGH, True), (Level.MEDIUM, False), (Level.LOW, False)])
def test_a_raised_tier_voids_open_requests_and_one_that_stays_or_is_proposed_lower_does_not(
    level: Level,
    voids: bool,  # noqa: FBT001
) -> None:
    request, other = OpenRequestFactory.create(), OpenRequestFactory.create()
    assess_tier(
        actor=actor_with(Role.DEVELOPER),
        model=request.release.model,
        answers=answers_at(level),
        rationale="So.",
        shown_digest=questionnaire().digest,
    )
    if voids:
        assert cause(request) == ("registry.model.tier_raised", ["tier"])
    else:
        assert is_open(request)
        assert RegisteredModel.objects.get(pk=request.release.model_id).tier == 2
    assert is_open(other)


def test_a_raised_tier_that_can_not_void_is_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is voided with the change or the change does not happen."""
    request: ApprovalRequest = OpenRequestFactory.create()

    def fail(**_: Any) -> None:
        raise RuntimeError("No more.")

    monkeypatch.setattr("governance.reactions.void_request", fail)
    with pytest.raises(RuntimeError, match=r"No more\."), transaction.atomic():
        assess_tier(
            actor=actor_with(Role.DEVELOPER),
            model=request.release.model,
            answers=answers_at(Level.HIGH),
            rationale="So.",
            shown_digest=questionnaire().digest,
        )
    assert RegisteredModel.objects.get(pk=request.release.model_id).tier == 2
    assert not request.release.model.tier_assessments.exists()
