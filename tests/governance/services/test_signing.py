import base64
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from django.conf import settings
from django.db import connection

from governance.choices import RequestState
from governance.errors import BundleChanged, RequestNotOpen, SelfApprovalForbidden, SignatureNeedsSession
from governance.models import ApprovalRequest, Decision, Seat
from governance.services.signing import sign
from portal.accounts.choices import Role
from portal.accounts.models import RoleGrant, User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Conflict, DomainError, Forbidden, Invalid
from registry.choices import ReleaseState
from registry.models import RegisteredModel, Release
from registry.selectors import champion_of
from tests.factories.accounts import PASSWORD, RoleGrantFactory, ServiceAccountFactory, TeamFactory, person_with
from tests.factories.governance import (
    ApprovedRequestFactory,
    DecisionFactory,
    OpenRequestFactory,
    next_version,
    ready_version,
)
from tests.factories.registry import FindingFactory
from tests.portal.ledger.replay import replayed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ROLES = (Role.APPROVER, Role.DEVELOPER)


def approver(request: ApprovalRequest, **columns: Any) -> User:
    return person_with(*ROLES, team=request.release.model.team, **columns)


def signed_by(user: User, request: ApprovalRequest, **values: Any) -> Decision:
    given = {
        "actor": actor_for_user(user, interactive=True),
        "verdict": "approve",
        "meaning": "approval",
        "rationale": "Read it all.",
        "shown_digest": request.bundle_digest,
        "password": PASSWORD,
    }
    return sign(request=request, **{**given, **values})


def state(request: ApprovalRequest) -> str:
    request.refresh_from_db()
    return request.state


def test_second_person_approves_and_the_release_becomes_active() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    decision = signed_by(approver(request), request)
    assert state(request) == RequestState.APPROVED
    assert Release.objects.get(pk=request.release_id).state == ReleaseState.ACTIVE
    assert champion_of(request.release.model) == request.release.version
    assert replayed("request") == {str(request.pk): request.public_state()}
    assert replayed("decision") == {str(decision.pk): decision.public_state()}


def test_former_release_is_superseded_in_the_same_step() -> None:
    former = ApprovedRequestFactory.create().release
    champion = former.version
    candidate = next_version(model=champion.model, champion=champion)
    ApprovedRequestFactory.create(version=candidate)
    former.refresh_from_db()
    assert former.state == ReleaseState.SUPERSEDED
    assert Release.objects.active_in("production").get().version == candidate


@pytest.mark.parametrize(
    ("verdict", "closed"), [("reject", RequestState.REJECTED), ("request_changes", RequestState.CHANGES_REQUESTED)]
)
def test_other_verdicts_close_the_request_and_activate_nothing(verdict: str, closed: RequestState) -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    signed_by(approver(request), request, verdict=verdict)
    assert state(request) == closed
    assert Release.objects.get(pk=request.release_id).state == ReleaseState.PLANNED
    with pytest.raises(RequestNotOpen):
        signed_by(approver(request), request)


def test_statement_verifies_with_nothing_but_cryptography() -> None:
    decision: Decision = DecisionFactory.create(signer=person_with(Role.APPROVER, name="Nora Approver"))
    private = serialization.load_pem_private_key((settings.KEYS_DIR / "decision.key").read_bytes(), None)
    assert isinstance(private, EllipticCurvePrivateKey)
    public: EllipticCurvePublicKey = private.public_key()
    envelope = Decision.objects.get(pk=decision.pk).envelope
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    covered = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    public.verify(signature, covered, ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(signature, covered.replace(b"approve", b"abprove"), ECDSA(hashes.SHA256()))
    statement = json.loads(payload)
    said = statement["predicate"]
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"][0]["digest"] == {"sha256": decision.request.bundle_digest}
    assert said["signer"] == {"id": decision.signer.actor_id, "name": "Nora Approver"}
    assert (said["verdict"], said["meaning"]) == ("approve", "approval")
    assert said["signed_at"] == decision.signed_at.isoformat(timespec="microseconds")
    assert said["signed_at"].endswith("+00:00")
    assert said["rationale_sha256"] == hashlib.sha256(decision.rationale.encode()).hexdigest()
    assert said["bundle"] == decision.request.bundle
    confirmer = RoleGrant.objects.get(user=decision.signer).confirmed_by_id
    assert [one["confirmed_by"] for one in said["authority"]] == [f"user:{confirmer}"]


def test_rationale_and_printed_name_are_private_in_the_ledger() -> None:
    decision: Decision = DecisionFactory.create(rationale="Because of Mr Smith.")
    told = json.dumps(replayed("decision"))
    assert "Smith" not in told
    assert decision.signer_name not in told


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " "])
def test_wrong_password_is_refused_at_its_field(password: str) -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    with pytest.raises(Invalid) as refused:
        signed_by(approver(request), request, password=password)
    assert set(refused.value.fields) == {"password"}
    assert state(request) == RequestState.OPEN


def test_no_token_signs() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    user = approver(request)
    with pytest.raises(SignatureNeedsSession):
        signed_by(user, request, actor=actor_for_user(user, interactive=False))
    system = Actor(id="system", kind="system", name="System", interactive=True)
    with pytest.raises(SignatureNeedsSession):
        signed_by(user, request, actor=system)
    assert not Decision.objects.exists()


def test_values_are_checked() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    user = approver(request)
    with pytest.raises(Invalid) as refused:
        signed_by(user, request, verdict="yes", meaning="sure", rationale=" ")
    assert set(refused.value.fields) == {"verdict", "meaning", "rationale"}
    with pytest.raises(Invalid, match="takes a signature that means approval"):
        signed_by(user, request, meaning="review")


@pytest.mark.parametrize("role", [role for role in Role if role != Role.APPROVER])
def test_only_approvers_of_the_team_sign(role: Role) -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    with pytest.raises(Forbidden):
        signed_by(person_with(role, team=request.release.model.team), request)
    with pytest.raises(Forbidden):
        signed_by(person_with(Role.APPROVER, team=TeamFactory.create()), request)


def test_who_lost_the_role_or_the_account_meanwhile_does_not_sign() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    lost, gone = approver(request), approver(request)
    actors = [actor_for_user(user, interactive=True) for user in (lost, gone)]
    RoleGrant.objects.filter(user=lost).update(revoked_at=now())
    User.objects.filter(pk=gone.pk).update(is_active=False)
    with pytest.raises(Forbidden, match="may not sign decisions on versions here"):
        signed_by(lost, request, actor=actors[0])
    with pytest.raises(Forbidden, match="has been deactivated"):
        signed_by(gone, request, actor=actors[1])


def test_digest_of_another_page_is_refused() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    with pytest.raises(BundleChanged, match="Read it again"):
        signed_by(approver(request), request, shown_digest="0" * 64)
    assert state(request) == RequestState.OPEN


def test_what_changed_without_anybody_noticing_is_noticed_when_signing() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    RegisteredModel.objects.filter(pk=request.release.model_id).update(tier=1)
    with pytest.raises(BundleChanged, match="has changed: tier"):
        signed_by(approver(request), request)
    assert Release.objects.get(pk=request.release_id).state == ReleaseState.PLANNED


def test_no_approval_over_a_gate_that_was_evaluated_before_a_high_finding() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    signer = approver(request)
    FindingFactory.create(model=request.release.model, severity="high")
    with pytest.raises(BundleChanged, match="has changed: open findings"):
        signed_by(signer, request)
    assert state(request) == RequestState.OPEN


def test_no_approval_over_a_gate_that_would_not_pass_now_though_no_covered_part_changed() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    signer = approver(request)
    User.objects.filter(pk=request.release.released.created_by_id).update(email="other@example.org")
    with pytest.raises(BundleChanged, match=r"would not pass now: Authors known \(failed\)"):
        signed_by(signer, request)
    assert Release.objects.get(pk=request.release_id).state == ReleaseState.PLANNED
    assert signed_by(signer, request, verdict="reject").verdict == "reject"


def test_expired_request_takes_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    monkeypatch.setattr("governance.selectors.requests.now", lambda: request.expires_at)
    with pytest.raises(RequestNotOpen, match="has expired"):
        signed_by(approver(request), request)


def test_double_submit_signs_once() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    user = approver(request, name="Nora")
    signed_by(user, request)
    with pytest.raises(RequestNotOpen, match="has been approved; signed by Nora"):
        signed_by(user, request)
    assert Decision.objects.count() == 1


def test_every_seat_takes_another_person_and_the_last_one_activates() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    Seat.objects.create(request=request, position=2, title="Second", role="sign", meaning="review")
    first, second = approver(request), approver(request)
    signed_by(first, request)
    assert state(request) == RequestState.OPEN
    assert Release.objects.get(pk=request.release_id).state == ReleaseState.PLANNED
    with pytest.raises(Conflict, match="one person fills one seat"):
        signed_by(first, request, meaning="review")
    with pytest.raises(Invalid, match="means review"):
        signed_by(second, request)
    signed_by(second, request, meaning="review")
    assert state(request) == RequestState.APPROVED
    assert Release.objects.get(pk=request.release_id).state == ReleaseState.ACTIVE


def test_one_reject_beats_the_approvals_before_it() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    Seat.objects.create(request=request, position=2, title="Second", role="sign", meaning="review")
    signed_by(approver(request), request)
    signed_by(approver(request), request, meaning="review", verdict="reject")
    assert state(request) == RequestState.REJECTED


def together(*calls: Callable[[], object]) -> list[str]:
    """Run the calls at the same instant, each on a connection of its own; return "done" or the refusal's code."""
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> str:
        try:
            start.wait(timeout=10)
            call()
        except DomainError as refused:
            return refused.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(run, calls))


@pytest.mark.django_db(transaction=True)
def test_of_approvers_at_the_same_instant_exactly_one_wins_and_so_does_one_of_two_submits() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    first, second = approver(request), approver(request)
    outcomes = together(
        lambda: signed_by(first, request), lambda: signed_by(first, request), lambda: signed_by(second, request)
    )
    assert outcomes == ["done", "request_not_open", "request_not_open"]
    assert Decision.objects.count() == 1
    assert Release.objects.active_in("production").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_requests_of_one_model_at_the_same_instant_leave_one_active_release() -> None:
    version = ready_version()
    one = OpenRequestFactory.create(version=version)
    other = OpenRequestFactory.create(version=next_version(model=version.model))
    signers = [approver(one), approver(other)]
    outcomes = together(lambda: signed_by(signers[0], one), lambda: signed_by(signers[1], other))
    assert outcomes == ["done", "request_not_open"]
    assert {state(one), state(other)} == {RequestState.APPROVED, RequestState.VOIDED}
    assert Release.objects.active_in("production").count() == 1


def test_whoever_took_part_is_refused_with_every_reason() -> None:
    version = ready_version(author=person_with(*ROLES))
    author = version.created_by
    opener = person_with(*ROLES)
    request: ApprovalRequest = OpenRequestFactory.create(version=version, opened_by=opener)
    with pytest.raises(SelfApprovalForbidden, match="because you opened the approval request"):
        signed_by(opener, request)
    with pytest.raises(SelfApprovalForbidden) as refused:
        signed_by(author, request)
    assert refused.value.message == (
        "You may not sign this request, because you handed in the version, registered the version, uploaded a file of"
        " the version, wrote the card, own the training run, registered the training data, planned the release and"
        " are an author of the training commit."
    )
    assert state(request) == RequestState.OPEN


def test_owner_of_the_service_account_that_asked_is_refused() -> None:
    version = ready_version()
    owner = person_with(*ROLES)
    machine = ServiceAccountFactory.create(owner=owner, name="CI")
    RoleGrantFactory.create(user=machine, role=Role.DEVELOPER)
    request: ApprovalRequest = OpenRequestFactory.create(version=version, opened_by=machine)
    with pytest.raises(SelfApprovalForbidden, match="own the service account CI"):
        signed_by(owner, request)
