"""Findings: raised, handed over, remediated, judged.

Who may: developers of the model's team and validators raise findings, each for their line of defence; whoever may
answer for findings (every role but auditor and administrator) can hold them; only the line that raised a finding, and
nobody who ever remediated it, closes it, sends it back or lowers its severity (invariant 19). Auditors read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.selectors import people_with
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import FindingState, FindingVerb
from registry.errors import NotUsable, NotYourFinding
from registry.events import (
    FINDING_CLOSED,
    FINDING_HANDED_IN,
    FINDING_HANDED_OVER,
    FINDING_RAISED,
    FINDING_REOPENED,
    FINDING_SENT_BACK,
    FINDING_SEVERITY_CHANGED,
    FINDING_STARTED,
)
from registry.models import Finding, FindingMove, ModelVersion, RegisteredModel
from registry.rules import findings as rules
from registry.rules.states import FINDING, after
from registry.selectors import finding_facts, standing_in
from registry.services.rows import author_of, candidate, lock_model, next_number, require_in_service

EVENTS = {
    FindingVerb.HAND_OVER: FINDING_HANDED_OVER,
    FindingVerb.START: FINDING_STARTED,
    FindingVerb.HAND_IN: FINDING_HANDED_IN,
    FindingVerb.CLOSE: FINDING_CLOSED,
    FindingVerb.SEND_BACK: FINDING_SENT_BACK,
    FindingVerb.REOPEN: FINDING_REOPENED,
    FindingVerb.CHANGE_SEVERITY: FINDING_SEVERITY_CHANGED,
}
NOT_DONE = "It can't be done; see the fields."
Problems = dict[str, list[str]]


@dataclass(frozen=True)
class _Change:
    """What a verb changes beside the state: it writes to the row, and returns what is wrong by field."""

    apply: Callable[[Finding, rules.Standing], Problems] = lambda *_: {}
    lower_to: str = ""


@transaction.atomic
def raise_finding(
    *, actor: Actor, model: RegisteredModel, stage: str, severity: str, title: str, description: str,
    version: ModelVersion | None = None, holder: User | None = None, due: datetime | None = None,
) -> Finding:  # fmt: skip
    """Raise a finding about a model, or about one of its versions; without a holder, nobody works on it yet.

    Raises Forbidden, Invalid, and NotUsable for a retired model.
    """
    actor.require("raise_finding", model.team_id)
    at = now()
    found = rules.problems(title=title, description=description, stage=stage, severity=severity)
    if version is not None and version.model_id != model.pk:
        found["version"] = ["It is a version of another model."]
    model = lock_model(model.pk)
    require_in_service(model)
    if found := found | _holder_problems(model, holder) | rules.due_problems(due, at):
        raise Invalid("The finding can't be raised; see the fields.", fields=found)
    finding = Finding.objects.create(
        model=model, number=next_number(model.findings.all()), version=version, stage=stage, severity=severity,
        title=title.strip(), description=description.strip(), line=standing_in(actor, model).line,
        raised_by_id=author_of(actor), raised_at=at, holder=holder, held_since=at if holder else None, due=due,
    )  # fmt: skip
    _keep(finding, actor=actor, verb=FindingVerb.RAISE, before="", comment="")
    private = {"title": finding.title, "description": finding.description}
    _record(finding, actor=actor, event=FINDING_RAISED, private=private)
    return finding


def hand_over(*, actor: Actor, finding: Finding, holder: User, due: datetime | None, comment: str = "") -> Finding:
    """Say who holds the finding from now on, and until when; saying the same again changes nothing.

    Who only holds it can't give more time. Raises NotYourFinding, NotUsable and Invalid.
    """

    def apply(row: Finding, who: rules.Standing) -> Problems:
        found = _holder_problems(row.model, holder)
        if due != row.due:
            found |= rules.due_problems(due, now()) | rules.time_problems(row.due, due, raising=who.line == row.line)
        if holder.pk != row.holder_id:
            row.holder, row.held_since = holder, now()
        row.due = due
        return found

    return _move(actor, finding, FindingVerb.HAND_OVER, comment, _Change(apply))


def start_remediation(*, actor: Actor, finding: Finding, comment: str = "") -> Finding:
    """Begin to remediate a finding, as who holds it. Raises NotYourFinding, NotUsable and Invalid."""
    return _move(actor, finding, FindingVerb.START, comment)


def hand_in_remediation(*, actor: Actor, finding: Finding, comment: str) -> Finding:
    """Say what was done, as who holds it; the raising line judges it. Raises NotYourFinding, NotUsable and Invalid."""
    return _move(actor, finding, FindingVerb.HAND_IN, comment)


def close_finding(*, actor: Actor, finding: Finding, comment: str) -> Finding:
    """Find that it is remediated, and say how that was verified. Raises NotYourFinding, NotUsable and Invalid."""

    def apply(row: Finding, _: rules.Standing) -> Problems:
        row.holder, row.held_since, row.due = None, None, None
        return {}

    return _move(actor, finding, FindingVerb.CLOSE, comment, _Change(apply))


def send_back(*, actor: Actor, finding: Finding, comment: str) -> Finding:
    """Find that it is not remediated, and say what is missing. Raises NotYourFinding, NotUsable and Invalid."""
    return _move(actor, finding, FindingVerb.SEND_BACK, comment)


def reopen_finding(
    *, actor: Actor, finding: Finding, comment: str, holder: User | None = None, due: datetime | None = None
) -> Finding:
    """Open a closed finding again, and say why; its due time holds again unless the raising line sets another.

    Raises NotYourFinding, NotUsable and Invalid.
    """

    def apply(row: Finding, who: rules.Standing) -> Problems:
        before = row.moves.exclude(due=None).order_by("-pk").values_list("due", flat=True).first()
        raising = who.line == row.line
        row.holder, row.held_since = holder, now() if holder else None
        row.due = before if due is None and not raising else due
        found = rules.due_problems(due, now()) | rules.time_problems(before, row.due, raising=raising)
        return _holder_problems(row.model, holder) | found

    return _move(actor, finding, FindingVerb.REOPEN, comment, _Change(apply))


def change_severity(*, actor: Actor, finding: Finding, severity: str, comment: str) -> Finding:
    """Change how much it weighs, and say why; only the raising line lowers it.

    Raises NotYourFinding, NotUsable and Invalid.
    """

    def apply(row: Finding, _: rules.Standing) -> Problems:
        found = rules.severity_problems(severity, row.severity)
        row.severity = severity
        return found

    return _move(actor, finding, FindingVerb.CHANGE_SEVERITY, comment, _Change(apply, lower_to=severity))


@transaction.atomic
def _move(actor: Actor, finding: Finding, verb: FindingVerb, comment: str, change: _Change | None = None) -> Finding:
    """Do one thing to a finding: lock, ask the rules, write row, history and entry; nothing where nothing changes."""
    change = change or _Change()
    model = lock_model(finding.model_id)
    row = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    row.model = model
    who, facts = standing_in(actor, model), finding_facts(row)
    author_of(actor)
    lower = bool(change.lower_to) and rules.lowers(row.severity, change.lower_to)
    if reason := rules.duty_problem(verb, facts, who, lower=lower):
        raise NotYourFinding(reason)
    if reason := rules.state_problem(verb, row.state):
        raise NotUsable(reason)
    before, shown = row.state, row.public_state()
    found = rules.comment_problems(verb, comment) | change.apply(row, who)
    if found:
        raise Invalid(NOT_DONE, fields=found)
    row.state = str(after(FINDING, verb, row.state))
    if verb == FindingVerb.HAND_OVER and row.public_state() == shown:
        return row
    row.save(update_fields=["state", "severity", "holder", "held_since", "due"])
    said = comment.strip()
    _keep(row, actor=actor, verb=verb, before=before, comment=said)
    _record(row, actor=actor, event=EVENTS[verb], private={"comment": said} if said else None)
    return row


def _holder_problems(model: RegisteredModel, holder: User | None) -> Problems:
    if holder is None:
        return {}
    readers = {user.pk for user in people_with("read", model.team_id)}
    answers = {user.pk for user in people_with("answer_finding", model.team_id)}
    return rules.holder_problems(candidate(holder, readers), may_answer=holder.pk in answers)


def _keep(finding: Finding, *, actor: Actor, verb: FindingVerb, before: FindingState | str, comment: str) -> None:
    """Add what was done to the finding's history."""
    FindingMove.objects.create(
        finding=finding, verb=verb, by_id=author_of(actor), at=now(), state_before=before, state=finding.state,
        severity=finding.severity, holder=finding.holder, due=finding.due, comment=comment,
    )  # fmt: skip


def _record(finding: Finding, *, actor: Actor, event: EventType, private: dict[str, str] | None) -> None:
    about = (f"version:{finding.version_id}",) if finding.version_id else ()
    append(
        actor=actor,
        event=event,
        subject=Subject("finding", str(finding.pk), str(finding), finding.model.team_id),
        data=finding.public_state(),
        private=private,
        topics=(f"model:{finding.model_id}", *about, f"finding:{finding.pk}"),
    )
