"""Approval requests: opened over a passed gate, withdrawn by their opener, voided by what changes under them."""

from datetime import datetime, timedelta

from django.db import transaction

from governance.choices import Outcome, RequestState
from governance.errors import BundleChanged, RequestNotOpen
from governance.events import REQUEST_OPENED, REQUEST_VOIDED, REQUEST_WITHDRAWN
from governance.models import ApprovalRequest, GateEvaluation, Seat
from governance.rules import bundles, requests
from governance.selectors.bundles import bundle_of, what_changed
from governance.selectors.requests import state_now
from governance.services.gates import evaluate_gate, is_current, require_passed
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import ReleaseState
from registry.models import ModelVersion, Release
from registry.rules.releases import problems
from registry.rules.values import text_problems
from registry.services.releases import plan_release
from registry.services.rows import author_of, lock_model, require_in_service


def open_request(*, actor: Actor, release: Release, summary: str) -> ApprovalRequest:
    """Ask for the approval of a planned release; its gate is evaluated first, and stays visible when it refuses.

    Two transactions, so that a refusal leaves the evaluation. Raises Forbidden, Invalid, Conflict, GateNotPassed
    with every check that is not passed, and BundleChanged when something changed between the two.
    """
    actor.require("open_request", release.model.team_id)
    _require_texts({"summary": summary})
    _require_first(release)
    evaluation = evaluate_gate(actor=actor, version=release.released, environment=release.environment)
    require_passed(evaluation)
    return _open(actor=actor, release=release, evaluation=evaluation, summary=summary)


def request_release(
    *, actor: Actor, version: ModelVersion, environment: str, fallback: str, summary: str
) -> ApprovalRequest:
    """Plan a release and ask for its approval in one step; a refusal leaves the gate's evaluation, and no release.

    Raises what `plan_release` and `open_request` raise.
    """
    actor.require("open_request", version.model.team_id)
    _require_texts({"summary": summary}, problems(environment=environment, fallback=fallback))
    _require_no_other(version, environment)
    evaluation = evaluate_gate(actor=actor, version=version, environment=environment)
    require_passed(evaluation)
    with transaction.atomic():
        release = plan_release(actor=actor, version=version, environment=environment, fallback=fallback)
        return _open(actor=actor, release=release, evaluation=evaluation, summary=summary)


@transaction.atomic
def withdraw_request(*, actor: Actor, request: ApprovalRequest) -> ApprovalRequest:
    """Take a request back, as who opened it. Raises Forbidden and RequestNotOpen."""
    row = locked_request(request)
    if actor.user_id is None or actor.user_id != row.opened_by_id:
        raise Forbidden(f"Only {row.opened_by.name}, who opened the request, withdraws it.")
    require_open(row)
    close(row, requests.Move.WITHDRAW)
    record_request(row, actor=actor, event=REQUEST_WITHDRAWN)
    return row


@transaction.atomic
def void_request(*, actor: Actor, request: ApprovalRequest, event: str) -> bool:
    """Void an open request if anything that it covers has changed, naming event and parts; return whether it did.

    Whoever makes the change voids the request with it, so no capability is asked for.
    """
    row = locked_request(request)
    parts = what_changed(row) if state_now(row) == RequestState.OPEN else []
    if not parts:
        return False
    row.void_cause = {"event": event, "parts": [part.as_dict() for part in parts]}
    close(row, requests.Move.VOID)
    record_request(row, actor=actor, event=REQUEST_VOIDED)
    return True


def locked_request(request: ApprovalRequest) -> ApprovalRequest:
    """Lock the model's row, then the request's, and return the request as it is now."""
    lock_model(request.release.model_id)
    return ApprovalRequest.objects.select_for_update(of=("self",)).with_parts().get(pk=request.pk)


def require_open(request: ApprovalRequest) -> None:
    """Raise RequestNotOpen, saying what became of the request, unless it is open and has not expired."""
    state = state_now(request)
    if state == RequestState.OPEN:
        return
    words = f"Request #{request.pk} {requests.WORDS[state]}"
    if state == RequestState.VOIDED and request.void_cause:
        parts = [bundles.ChangedPart(**part) for part in request.void_cause["parts"]]
        words += f" ({bundles.sentence(parts)})"
    signers = [row.signer_name for row in request.decisions.all()]
    if signers and state != RequestState.VOIDED:
        words += f"; signed by {', '.join(signers)}"
    raise RequestNotOpen(f"{words}. It takes no further decision.")


def close(request: ApprovalRequest, move: requests.Move) -> None:
    """Write the state that the move leads to, which is a closed one, with its time."""
    state = requests.after(request.state, move)
    if state is None:
        raise RequestNotOpen(f"Request #{request.pk} {requests.WORDS[request.state]}.")
    request.state, request.closed_at = state, now()
    request.save(update_fields=["state", "closed_at", "void_cause"])


def record_request(
    request: ApprovalRequest, *, actor: Actor, event: EventType, private: dict[str, str] | None = None
) -> None:
    """Write an entry about a request."""
    append(
        actor=actor,
        event=event,
        subject=Subject("request", str(request.pk), str(request), request.release.model.team_id),
        data=request.public_state(),
        private=private,
        topics=topics_of(request),
    )


def topics_of(request: ApprovalRequest) -> tuple[str, ...]:
    """Return the topics of everything about a request."""
    release = request.release
    return (
        f"model:{release.model_id}",
        f"version:{release.version_id}",
        f"release:{release.pk}",
        f"request:{request.pk}",
    )


@transaction.atomic
def _open(*, actor: Actor, release: Release, evaluation: GateEvaluation, summary: str) -> ApprovalRequest:
    """Open the request over an evaluation that passed, if it still says what is true now."""
    lock_model(release.model_id)
    release = Release.objects.select_related("model", "version").select_for_update(of=("self",)).get(pk=release.pk)
    _require_first(release)
    if evaluation.outcome != Outcome.PASSED or not is_current(evaluation):
        raise BundleChanged("What the gate read has changed while it was evaluated. Ask again.")
    bundle, policy, at = bundle_of(release, evaluation), evaluation.policy_version, now()
    request = ApprovalRequest.objects.create(
        release=release,
        policy_version=policy,
        evaluation=evaluation,
        bundle=bundle,
        bundle_digest=bundles.bundle_digest(bundle),
        summary=summary.strip(),
        opened_by_id=author_of(actor),
        opened_at=at,
        expires_at=_expires_at(evaluation, at),
    )
    Seat.objects.bulk_create(
        Seat(request=request, position=position, title=seat["title"], role=seat["capability"], meaning=seat["meaning"])
        for position, seat in enumerate(policy.document["seats"], start=1)
    )
    record_request(request, actor=actor, event=REQUEST_OPENED, private={"summary": request.summary})
    return request


def _expires_at(evaluation: GateEvaluation, at: datetime) -> datetime:
    document = evaluation.policy_version.document
    days, evidence_days = int(document["expires_after_days"]), int(document["evidence_days"])
    run = evaluation.run
    if run is None or run.finished_at is None:  # a policy that judges no run
        return at + timedelta(days=days)
    return requests.expiry(
        opened_at=at, expires_after_days=days, run_finished_at=run.finished_at, evidence_days=evidence_days
    )


def _require_texts(required: dict[str, str], found: dict[str, list[str]] | None = None) -> None:
    fields = {**(found or {}), **text_problems(required)}
    if fields:
        raise Invalid("The approval can't be asked for; see the fields.", fields=fields)


def _require_first(release: Release) -> None:
    """Require that the release is planned, its model in service, and that neither it nor its like was asked for."""
    require_in_service(release.model)
    former = ApprovalRequest.objects.filter(release=release).first()
    if former is not None:
        words = requests.WORDS[state_now(former)]
        raise Conflict(
            f"The release has had its request: #{former.pk} {words}. Plan another release to ask again.",
            code="request_exists",
        )
    if release.state != ReleaseState.PLANNED:
        raise Conflict(f"The release is {release.get_state_display().lower()}; approval is asked for a planned one.")
    _require_no_other(release.released, release.environment)


def _require_no_other(version: ModelVersion, environment: str) -> None:
    same = ApprovalRequest.objects.filter(
        release__version=version, release__environment=environment, state=RequestState.OPEN, expires_at__gt=now()
    )
    other = same.first()
    if other is not None:
        raise Conflict(f"Request #{other.pk} is already open for {version} in {environment}.", code="request_is_open")
