"""Signing: a person, at the keyboard, over exactly the bundle that was shown."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from governance.choices import Meaning, Outcome, RequestState, Verdict
from governance.errors import BundleChanged, SelfApprovalForbidden, SignatureNeedsSession
from governance.events import REQUEST_APPROVED, REQUEST_CHANGES_REQUESTED, REQUEST_REJECTED, REQUEST_SIGNED
from governance.models import ApprovalRequest, Decision, Seat
from governance.rules import bundles, quorum, requests
from governance.rules.bundles import sentence
from governance.selectors.bundles import what_changed, whole_version
from governance.selectors.gates import Evidence
from governance.selectors.requests import seat_rules, signed
from governance.selectors.signers import excluded_people
from governance.selectors.standing import standing_of
from governance.services.requests import close, locked_request, record_request, require_open, topics_of
from portal.accounts.choices import Role
from portal.accounts.models import RoleGrant, User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.reauthentication import confirm_password
from portal.core import signatures
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.keys.services import decision_key
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.rules.values import text_problems
from registry.services.governed import activate_release

PREDICATE = "urn:countersign:decision:1"
CLOSES: Mapping[RequestState, tuple[requests.Move, EventType]] = {
    RequestState.APPROVED: (requests.Move.APPROVE, REQUEST_APPROVED),
    RequestState.REJECTED: (requests.Move.REJECT, REQUEST_REJECTED),
    RequestState.CHANGES_REQUESTED: (requests.Move.REQUEST_CHANGES, REQUEST_CHANGES_REQUESTED),
}


@transaction.atomic
def sign(
    *,
    actor: Actor,
    request: ApprovalRequest,
    verdict: str,
    meaning: str,
    rationale: str,
    shown_digest: str,
    password: str,
) -> Decision:
    """Sign a decision on the request; the approval that fills the last seat activates the release with it.

    Raises SignatureNeedsSession, Forbidden, Invalid (also for a wrong password), RequestNotOpen,
    SelfApprovalForbidden, Conflict where no seat is free for the signer, BundleChanged, and KeyNotCurrent.
    """
    team = request.release.model.team_id
    signer = _signer(actor, team)
    _require_values(verdict=verdict, meaning=meaning, rationale=rationale)
    require_open(request)  # before the password is tried: a closed request is no place to guess it
    confirm_password(user=signer, password=password)
    row = locked_request(request)
    signer = _signer(actor, team)  # as it is now: waiting for the lock may have taken a while
    require_open(row)
    _require_uninvolved(row, signer)
    seat = _seat_for(row, actor, signer, meaning)
    _require_same_bundle(row, shown_digest)
    if verdict == Verdict.APPROVE:
        _require_gate_now(row)
    decision = _decide(row, seat, signer, verdict=verdict, rationale=rationale.strip())
    _record(decision, actor)
    outcome = quorum.state_after(seat_rules(row), signed(row))
    if outcome in CLOSES:
        move, event = CLOSES[outcome]
        close(row, move)
        record_request(row, actor=actor, event=event)
    if outcome is RequestState.APPROVED:
        activate_release(actor=actor, release=row.release)
    return decision


def _signer(actor: Actor, team: int) -> User:
    """Return the person who signs, who is active and in role at this moment, and sits at a browser."""
    if not actor.interactive or actor.kind != "user" or actor.user_id is None:
        raise SignatureNeedsSession("Only a person who is signed in at a browser signs; no token can.")
    actor.require("sign", team)
    user = User.objects.select_related("owner").get(pk=actor.user_id)
    if not user.is_active:
        raise Forbidden("Your account has been deactivated.", code="missing_capability")
    actor_for_user(user, interactive=True).require("sign", team)
    return user


def _require_values(*, verdict: str, meaning: str, rationale: str) -> None:
    fields = text_problems({"rationale": rationale})
    if verdict not in Verdict.values:
        fields["verdict"] = [f"Choose one of {', '.join(Verdict.values)}."]
    if meaning not in Meaning.values:
        fields["meaning"] = [f"Choose one of {', '.join(Meaning.values)}."]
    if fields:
        raise Invalid("This can't be signed; see the fields.", fields=fields)


def _require_uninvolved(request: ApprovalRequest, signer: User) -> None:
    found = next((one for one in excluded_people(request) if one.user.pk == signer.pk), None)
    if found is not None:
        raise SelfApprovalForbidden(f"You may not sign this request, because you {found.because}.")


def _seat_for(request: ApprovalRequest, actor: Actor, signer: User, meaning: str) -> Seat:
    """Return the free seat that the signature fills."""
    rules, made = seat_rules(request), signed(request)
    if any(one.signer_id == signer.pk for one in made):
        raise Conflict("You have signed this request already; one person fills one seat.", code="already_signed")
    team = request.release.model.team_id
    held = {rule.capability for rule in rules if actor.may(rule.capability, team)}
    free = quorum.seats_for(rules, made, held)
    if not free:
        raise Conflict("No seat that you could fill is free.", code="no_free_seat")
    fitting = next((rule for rule in free if rule.meaning == meaning), None)
    if fitting is None:
        wanted = " or ".join(dict.fromkeys(Meaning(rule.meaning).label.lower() for rule in free))
        text = f"The free seat takes a signature that means {wanted}."
        raise Invalid(text, fields={"meaning": [text]})
    return request.seats.get(position=fitting.position)


def _require_same_bundle(request: ApprovalRequest, shown_digest: str) -> None:
    """Require shown, covered and present digest to be one (invariant 4)."""
    parts = what_changed(request)
    if parts or bundles.bundle_digest(request.bundle) != request.bundle_digest:
        raise BundleChanged(f"What the request covers has changed: {sentence(parts) or 'its bundle'}. Ask anew.")
    if shown_digest != request.bundle_digest:
        raise BundleChanged("The page showed another bundle than the request covers. Read it again, then sign.")


def _require_gate_now(request: ApprovalRequest) -> None:
    """Require that the gate would pass now: not all that it reads is a covered part, such as who owns the stages."""
    standing = standing_of(request.evaluation, Evidence(whole_version(request.evaluation.version_id)))
    if standing.outcome != Outcome.PASSED:
        stops = ", ".join(f"{check.title} ({verdict.outcome.label.lower()})" for check, verdict in standing.stops)
        raise BundleChanged(f"What the gate read has changed; it would not pass now: {stops}. Mend it, then sign.")


def _decide(request: ApprovalRequest, seat: Seat, signer: User, *, verdict: str, rationale: str) -> Decision:
    """Write the decision with the person's statement, signed by the installation's decision key."""
    key = decision_key()
    at = now()
    statement = signatures.statement(
        subject_name=f"request/{request.pk}",
        subject_sha256=request.bundle_digest,
        predicate_type=PREDICATE,
        predicate=_predicate(request, seat, signer, verdict=verdict, rationale=rationale, at=at),
    )
    return Decision.objects.create(
        request=request,
        seat=seat,
        signer=signer,
        signer_name=signer.name,
        verdict=verdict,
        meaning=seat.meaning,
        rationale=rationale,
        bundle_digest=request.bundle_digest,
        envelope=signatures.sign(statement, key),
        key_id=signatures.key_id(key.public_key()),
        signed_at=at,
    )


def _predicate(
    request: ApprovalRequest, seat: Seat, signer: User, *, verdict: str, rationale: str, at: datetime
) -> dict[str, Any]:
    release = request.release
    return {
        "model": release.model.slug,
        "version": release.released.number,
        "environment": release.environment,
        "release": release.pk,
        "bundle": request.bundle,
        "seat": seat.title,
        "verdict": verdict,
        "meaning": seat.meaning,
        "rationale_sha256": hashlib.sha256(rationale.encode()).hexdigest(),
        "signer": {"id": signer.actor_id, "name": signer.name},
        "authority": _authority(signer, release.model.team_id, at),
        "signed_at": at.isoformat(timespec="microseconds"),
    }


def _authority(signer: User, team: int, at: datetime) -> list[dict[str, Any]]:
    """Return the grants on which the person signs, with both administrators (21 CFR 11.200)."""
    giving = Q(role=Role.APPROVER) | Q(capability="sign")
    grants = RoleGrant.objects.at(at).filter(giving, Q(team=None) | Q(team_id=team), user=signer)
    return [
        {
            "grant": grant.pk,
            "granted_by": f"user:{grant.granted_by_id}" if grant.granted_by_id else "system",
            "confirmed_by": f"user:{grant.confirmed_by_id}",
        }
        for grant in grants.filter(confirmed_by__isnull=False)
    ]


def _record(decision: Decision, actor: Actor) -> None:
    request = decision.request
    append(
        actor=actor,
        event=REQUEST_SIGNED,
        subject=Subject("decision", str(decision.pk), str(decision), request.release.model.team_id),
        data=decision.public_state(),
        private={"rationale": decision.rationale, "signer_name": decision.signer_name},
        topics=(*topics_of(request), f"decision:{decision.pk}", decision.signer.actor_id),
    )
