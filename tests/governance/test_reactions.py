import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from governance.choices import RequestState
from governance.models import ApprovalRequest
from governance.selectors import bundles
from governance.selectors.bundles import what_changed
from governance.services.policies import SOBER_DEFAULT, draft_policy, ensure_default_policy, publish_policy
from monitoring.models import ValidationRun
from monitoring.services.runs import begin_run, finish_run, request_run
from portal.accounts.choices import Role
from portal.accounts.selectors import actor_for_user
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.core.errors import DomainError
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.choices import Level
from registry.events import VERSION_QUARANTINED
from registry.models import CardRevision, Document, Finding, ModelVersion, RegisteredModel
from registry.rules.documents import Said
from registry.selectors import questionnaire
from registry.services import documents, findings
from registry.services.cards import draft_card, publish_card
from registry.services.governed import activate_release
from registry.services.tiers import assess_tier
from registry.services.versions import withdraw_version
from tests.factories.accounts import actor_with, person_with
from tests.factories.governance import DecisionFactory, OpenRequestFactory, next_version, ready_version
from tests.factories.monitoring import simulated
from tests.factories.registry import DocumentFactory, ReleaseFactory, answers_at, stored
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


SAID: dict[str, Any] = {"title": "Too high", "description": "See run 3.", "stage": "training"}


def raised(request: ApprovalRequest, severity: str, version: ModelVersion | None = None) -> Finding:
    model, validator = request.release.model, actor_with(Role.VALIDATOR)
    holder = person_with(Role.DEVELOPER, team=model.team)
    return findings.raise_finding(
        actor=validator, model=model, severity=severity, version=version, holder=holder, **SAID
    )


@pytest.mark.parametrize("severity", ["low", "high"])
def test_a_finding_about_what_is_asked_for_voids_the_request_naming_the_findings(severity: str) -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    raised(request, severity, request.release.version)
    assert cause(request) == ("registry.finding.raised", ["open_findings"])


def test_a_finding_about_another_version_leaves_the_request_open() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    raised(request, "high", next_version(model=request.release.model))
    assert is_open(request)


def test_what_is_done_to_a_finding_voids_only_where_another_thing_would_be_signed() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    found = raised(request, "low")
    validator, holder = actor_with(Role.VALIDATOR), found.holder
    assert holder
    acting = actor_for_user(holder, interactive=True)

    def asked_again() -> ApprovalRequest:
        made: ApprovalRequest = OpenRequestFactory.create(version=request.release.version)
        return made

    waiting = asked_again()
    findings.hand_over(actor=validator, finding=found, holder=holder, due=now() + timedelta(days=1))
    findings.start_remediation(actor=acting, finding=found)
    findings.hand_in_remediation(actor=acting, finding=found, comment="Done.")
    findings.send_back(actor=validator, finding=found, comment="Not yet.")
    findings.hand_in_remediation(actor=acting, finding=found, comment="Done.")
    assert is_open(waiting)
    findings.change_severity(actor=validator, finding=found, severity="medium", comment="More.")
    assert cause(waiting) == ("registry.finding.severity_changed", ["open_findings"])
    waiting = asked_again()
    findings.close_finding(actor=validator, finding=found, comment="Run 5 passes.")
    assert cause(waiting) == ("registry.finding.closed", ["open_findings"])
    waiting = asked_again()
    findings.reopen_finding(actor=validator, finding=found, comment="June fails.")
    assert cause(waiting) == ("registry.finding.reopened", ["open_findings"])


def reading_documents() -> None:
    document = json.loads(SOBER_DEFAULT.read_text())
    check = {
        "key": "documents", "title": "No document is expired", "severity": "low", "limit": "none",
        "expression": "documents.expired == 0", "message": "Replace it.",
    }  # fmt: skip
    document["checks"].append(check)
    publish_policy(actor=SYSTEM, policy_version=draft_policy(actor=SYSTEM, document=document))


def with_a_report(request: ApprovalRequest) -> Document:
    blob = stored(b"%PDF-1.7 report")
    said = Said("vendor_report", "Report", blob.pk, now().date(), now().date())
    return documents.add_document(actor=actor_with(Role.DEVELOPER), model=request.release.model, said=said, blob=blob)


def test_documents_void_no_request_under_a_policy_that_does_not_read_them() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    assert "documents" not in request.bundle
    row = with_a_report(request)
    documents.withdraw_document(actor=actor_with(Role.VALIDATOR), document=row, reason="Wrong.")
    assert is_open(request)


def test_documents_void_the_requests_under_a_policy_that_reads_them() -> None:
    ensure_default_policy()
    reading_documents()
    first: ApprovalRequest = OpenRequestFactory.create()
    version = first.release.released
    described = Said("minutes", "Meeting", "0" * 64, now().date())
    documents.describe_document(actor=actor_with(Role.DEVELOPER), model=version.model, said=described)
    assert is_open(first)
    row = with_a_report(first)
    assert cause(first) == ("registry.document.received", ["documents"])
    second: ApprovalRequest = OpenRequestFactory.create(version=version)
    documents.withdraw_document(actor=actor_with(Role.VALIDATOR), document=row, reason="Wrong.")
    assert cause(second) == ("registry.document.withdrawn", ["documents"])


def test_a_document_that_expired_is_another_bundle_and_is_not_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_default_policy()
    reading_documents()
    version = ready_version()
    DocumentFactory.create(model=version.model, valid_until=now().date())
    request: ApprovalRequest = OpenRequestFactory.create(version=version)
    assert what_changed(request) == []
    monkeypatch.setattr(bundles, "now", lambda: now() + timedelta(days=1))
    assert [one.part for one in what_changed(request)] == ["documents"]
    with pytest.raises(DomainError):
        DecisionFactory.create(request=request)
