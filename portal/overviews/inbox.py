"""The home page: what waits for me, what of mine waits for others, and how my models stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from governance.choices import Outcome, RequestState
from governance.models import ApprovalRequest, GateEvaluation
from governance.selectors.signers import signable_by, standings
from monitoring.choices import RunState
from monitoring.models import ValidationRun
from portal.charts.numbers import duration
from portal.core.actors import Actor
from portal.core.clock import now
from portal.jobs.choices import OPEN
from portal.jobs.models import Job
from portal.ledger.selectors import entries
from portal.overviews.administration import Waiting, waiting_for_second
from portal.overviews.declared import DeclaredLine, declared_due
from portal.overviews.documents import DocumentLine, documents_due
from portal.overviews.entries import EntryLine, entry_lines
from portal.overviews.findings import FindingsWaiting, findings_waiting
from portal.overviews.reviews import reviews_table
from portal.overviews.work import WorkDone, work_of
from registry.choices import Environment, VersionState
from registry.models import ModelVersion, RegisteredModel, Release
from registry.selectors import without_owner

SHOWN = 8
WAITING_SHOWN = 10
STAGES_SHOWN = 5
SOON = timedelta(days=2)
LATELY = timedelta(days=30)
"""How long an expired request stays on its opener's page."""
NOT_PASSED = (RunState.FAILED, RunState.ERRORED, RunState.TIMED_OUT)
COUNTED = ("Nothing waits", "One thing waits", "Two things wait", "Three things wait", "Four things wait")


@dataclass(frozen=True)
class ToSign:
    """A request that the reader may sign; `due` is in words, `late` when little time is left."""

    request: ApprovalRequest
    due: str
    late: bool
    note: str


@dataclass(frozen=True)
class Mine:
    """A request that the reader opened; `stuck` when nobody may sign it, `expired` when its time has passed."""

    request: ApprovalRequest
    waits_for: Sequence[str]
    stuck: bool
    expired: bool
    due: str
    late: bool


@dataclass(frozen=True)
class Health:
    """How one model stands: a state with its words, and why in a line."""

    model: RegisteredModel
    number: int | None
    state: str
    words: str
    note: str


@dataclass(frozen=True)
class Working:
    """A job that has not ended."""

    title: str
    url: str
    work: WorkDone


@dataclass(frozen=True)
class Stopped:
    """A model's newest version that can not be released, and why."""

    version: ModelVersion
    state: str
    words: str
    why: str
    url: str


@dataclass(frozen=True)
class Unowned:
    """A model of which so many stages have no owner, in a team in which the reader may name one."""

    model: RegisteredModel
    stages: int


@dataclass(frozen=True)
class Inbox:
    """Everything on the home page; `newcomer` when there is no model to see yet."""

    waiting: Sequence[ToSign]
    """The most urgent of what the reader may sign."""
    waiting_count: int
    due_soon: int
    """How much of it is due within `SOON`."""
    mine: Sequence[Mine]
    health: Sequence[Health]
    model_count: int
    working: Sequence[Working]
    stopped: Sequence[Stopped]
    recent: Sequence[EntryLine]
    newcomer: bool
    administers: bool = False
    to_confirm: Sequence[Waiting] = ()
    """What waits for the reader as second administrator."""
    with_others: Sequence[Waiting] = ()
    """What waits for another administrator than the reader."""
    findings: FindingsWaiting = field(default_factory=FindingsWaiting)
    """What the reader holds, judges, or whose line waits too long for it."""
    unowned: Sequence[Unowned] = ()
    """Models with stages that nobody owns, as far as the reader may name an owner; the first of them."""

    declared: Sequence[DeclaredLine] = ()
    """What was in use before the portal and is late, or soon will be: the reader's, and all for the second line."""
    documents: Sequence[DocumentLine] = ()
    """What has expired or soon will: of the reader's models and teams."""

    @property
    def count(self) -> int:
        """Return how much waits for the reader: requests, findings, and what a second administrator confirms."""
        return self.waiting_count + len(self.to_confirm) + self.findings.count

    @property
    def heading(self) -> str:
        """Return the verdict: how much waits, and what is late."""
        number = self.count
        told = f"{COUNTED[number] if number < len(COUNTED) else f'{number} things wait'} for you."
        if self.due_soon:
            told += f" {'One is due' if self.due_soon == 1 else f'{self.due_soon} are due'} within two days."
        stuck = sum(one.stuck for one in self.mine)
        if stuck:
            told += f" {'One request' if stuck == 1 else f'{stuck} requests'} of yours can go nowhere."
        return told


def inbox(actor: Actor, *, whole: bool = False) -> Inbox:
    """Return the reader's home page; `whole`: with everything that waits, not the most urgent alone."""
    models = RegisteredModel.objects.visible_to(actor)
    count = models.count()
    second = waiting_for_second(actor)
    to_sign = _to_sign(actor)
    return Inbox(
        waiting=_lines(actor, [pk for pk, _ in to_sign][: None if whole else WAITING_SHOWN]),
        waiting_count=len(to_sign),
        due_soon=sum(expires_at - now() <= SOON for _, expires_at in to_sign),
        mine=_mine(actor),
        health=_healths(actor, models),
        model_count=count,
        working=_working(actor),
        stopped=_stopped(actor),
        recent=entry_lines(actor, entries(actor, limit=SHOWN).rows),
        newcomer=count == 0,
        administers=actor.may("manage_users", None),
        to_confirm=[one for one in second if not one.why_not],
        with_others=[one for one in second if one.why_not],
        findings=findings_waiting(actor),
        unowned=_unowned(actor),
        declared=declared_due(actor),
        documents=documents_due(actor),
    )


def _unowned(actor: Actor) -> list[Unowned]:
    teams = actor.teams_for("register_model")
    if teams == frozenset():
        return []
    kept = RegisteredModel.objects.filter(retired_at=None)
    rows = kept if teams is None else kept.filter(team__in=teams)
    counted = rows.annotate(stages_without_owner=without_owner()).filter(stages_without_owner__gt=0)
    shown: list[Any] = list(counted.order_by("tier", "slug")[:STAGES_SHOWN])
    return [Unowned(one, one.stages_without_owner) for one in shown]


def _to_sign(actor: Actor) -> list[tuple[int, datetime]]:
    """Return the requests that the actor may sign, with when they expire, the most urgent first.

    It is asked of the open requests of teams in which the actor holds the capability, and of no others.
    """
    teams = actor.teams_for("sign")
    rows = ApprovalRequest.objects.visible_to(actor).filter(state=RequestState.OPEN, expires_at__gt=now())
    if teams is not None:
        rows = rows.filter(release__model__team__in=teams)
    found = list(rows.order_by("expires_at", "-pk").only("pk", "expires_at"))
    signable = signable_by(actor, found)
    return [(one.pk, one.expires_at) for one in found if one.pk in signable]


def _lines(actor: Actor, asked: Sequence[int]) -> list[ToSign]:
    found = []
    for request in reviews_table(actor, RequestState.OPEN).filter(pk__in=asked):
        due, late = _due(request)
        found.append(ToSign(request, due, late, _last_seat(request)))
    return found


def _last_seat(request: Any) -> str:
    signed, seats = request.signed, request.seat_count
    left = seats - signed
    if left == 1:
        return (
            f"{signed} of {seats} signed; yours would be the last." if signed else "Yours would be the only signature."
        )
    return f"{signed} of {seats} signed."


def _mine(actor: Actor) -> list[Mine]:
    rows = reviews_table(actor, "").filter(opened_by=actor.user_id, state=RequestState.OPEN)
    shown = list(rows.filter(expires_at__gt=now() - LATELY)[:20])
    standing = standings(shown) if shown else {}
    found = []
    for request in shown:
        expired = request.expires_at <= now()
        people = [] if expired else [user.name for user in standing[request.pk].eligible]
        due, late = _due(request)
        found.append(Mine(request, people, not people and not expired, expired, due, late or expired))
    return sorted(found, key=lambda one: (not one.stuck, one.request.opened_at))


def _due(request: ApprovalRequest) -> tuple[str, bool]:
    left = request.expires_at - now()
    if left <= timedelta(0):
        return f"Expired {duration(left.total_seconds())} ago", True
    hours = int(left.total_seconds() // 3600)
    words = duration(left.total_seconds()) if left >= SOON or not hours else f"{hours} h"
    return f"Due in {words}", left <= SOON


def _healths(actor: Actor, models: QuerySet[RegisteredModel]) -> list[Health]:
    """Return the models in use, the worst first (by the newest validation of what production runs), then others."""
    runs = ValidationRun.objects.filter(version=OuterRef("version"), finished_at__isnull=False).order_by("-pk")
    rank = Case(
        When(run_state__in=NOT_PASSED, then=Value(0)),
        When(run_state__isnull=True, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    active = Release.objects.active_in(Environment.PRODUCTION).visible_to(actor)
    rated = active.annotate(
        run_state=Subquery(runs.values("state")[:1]), run_at=Subquery(runs.values("finished_at")[:1])
    )
    worst = rated.annotate(rank=rank).select_related("model").order_by("rank", "model__tier", "model__slug")
    shown = [_health(release) for release in worst.annotate(number=F("version__number"))[:SHOWN]]
    declared = Release.objects.declared().filter(environment=Environment.PRODUCTION, model=OuterRef("pk"))
    others = models.exclude(pk__in=active.values("model")).annotate(is_declared=Exists(declared))
    unapproved: list[Any] = list(others.order_by("-is_declared", "tier", "slug")[:SHOWN])
    return [*shown, *(_unapproved(model) for model in unapproved)][:SHOWN]


def _unapproved(model: Any) -> Health:
    if model.is_declared:
        return Health(model, None, "declared", "Declared", "in use, approved by nobody here")
    return Health(model, None, "planned", "Not in use", "no active release in production")


def _health(release: Any) -> Health:
    state = release.run_state
    if state is None:
        told = "no finished validation of what production runs"
        return Health(release.model, release.number, "no_data", "No data", told)
    words = "Validated" if state == RunState.PASSED else RunState(state).label
    gone = duration((now() - release.run_at).total_seconds())
    return Health(release.model, release.number, state, words, f"measured {gone} ago")


def _working(actor: Actor) -> list[Working]:
    jobs = list(Job.objects.visible_to(actor).filter(state__in=OPEN).order_by("pk")[:SHOWN])
    runs = {run.job_id: run for run in ValidationRun.objects.visible_to(actor).filter(job_id__in=[j.pk for j in jobs])}
    found = []
    for job in jobs:
        verb = job.kind.rpartition(".")[2].replace("_", " ").capitalize()
        run = runs.get(job.pk)
        found.append(Working(f"{verb}: {job.subject_label}", run.get_absolute_url() if run else "", work_of(job)))
    return found


def _stopped(actor: Actor) -> list[Stopped]:
    """Return newest versions that inspection, validation or the gate stops."""
    newer = ModelVersion.objects.filter(model=OuterRef("model"), number__gt=OuterRef("number"))
    runs = ValidationRun.objects.filter(version=OuterRef("pk")).order_by("-pk")
    gates = GateEvaluation.objects.filter(version=OuterRef("pk")).order_by("-pk")
    failing = Q(pk__in=ValidationRun.objects.filter(state__in=NOT_PASSED).values("version"))
    failing |= Q(pk__in=GateEvaluation.objects.exclude(outcome=Outcome.PASSED).values("version"))
    unusable = Q(state__in=(VersionState.QUARANTINED, VersionState.FAILED))
    rows = (
        ModelVersion.objects.visible_to(actor)
        # What ever failed is little and quickly found; whether it is the newest is asked of that alone.
        .filter(unusable | failing)
        .filter(~Exists(newer))
        .annotate(
            run_state=Subquery(runs.values("state")[:1]),
            run_id=Subquery(runs.values("pk")[:1]),
            gate_id=Subquery(gates.values("pk")[:1]),
            gate_outcome=Subquery(gates.values("outcome")[:1]),
        )
        .filter(
            unusable | Q(run_state__in=NOT_PASSED) | (Q(gate_outcome__isnull=False) & ~Q(gate_outcome=Outcome.PASSED))
        )
        .select_related("model")
        .order_by(F("sealed_at").desc(nulls_first=True), "-pk")
    )
    shown: list[Any] = list(rows[:SHOWN])
    run_of = ValidationRun.objects.defer("results").in_bulk([one.run_id for one in shown if one.run_id])
    gates_read = GateEvaluation.objects.prefetch_related("results__check_row")
    gate_of = gates_read.in_bulk([one.gate_id for one in shown if one.gate_id])
    return [_why_stopped(one, run_of.get(one.run_id), gate_of.get(one.gate_id)) for one in shown]


def _why_stopped(version: Any, run: ValidationRun | None, gate: GateEvaluation | None) -> Stopped:
    url = version.get_absolute_url()
    if version.state in (VersionState.QUARANTINED, VersionState.FAILED):
        return Stopped(version, version.state, VersionState(version.state).label, version.reason, url)
    checks = _failed_checks(gate)
    if run is not None and run.state in NOT_PASSED:
        # A gate that read an earlier run says nothing of this one.
        why = checks if gate is not None and gate.run_id == run.pk else ""
        words = f"Validation {RunState(run.state).label.lower()}"
        return Stopped(version, run.state, words, why or run.cause, run.get_absolute_url())
    return Stopped(version, "not_passed", "Gate not passed", checks, f"{url}#gate")


def _failed_checks(gate: GateEvaluation | None) -> str:
    """Return the checks that the gate did not pass, by their titles."""
    failed = [one for one in gate.results.all() if one.outcome != Outcome.PASSED] if gate else []
    return "; ".join(f"“{one.check_row.title}” {one.get_outcome_display().lower()}" for one in failed)
