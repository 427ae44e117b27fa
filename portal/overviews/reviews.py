"""Requests to decide: the table, and the one page that holds everything needed to decide."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from governance.choices import Meaning, RequestState, Verdict
from governance.models import ApprovalRequest, Decision, Seat
from governance.rules.bundles import PARTS
from governance.rules.duties import because
from governance.rules.requests import EXPIRED
from governance.selectors.bundles import what_changed
from governance.selectors.gates import Evidence
from governance.selectors.requests import state_now
from governance.selectors.signers import Excluded, standings
from monitoring.models import ValidationRun
from monitoring.rules.comparisons import Verdict as Compared
from portal.accounts.models import User
from portal.charts.numbers import significant
from portal.core.actors import Actor
from portal.core.clock import now
from portal.ledger.catalogue import TYPES
from portal.ledger.selectors import EntryFilter, entries
from portal.overviews.changes import PartChange, Production, changed_parts, part_changes, production_beside
from portal.overviews.comments import CommentsSummary, comments_summary
from portal.overviews.entries import EntryLine, entry_lines
from portal.overviews.findings import FindingsSummary, open_findings
from portal.overviews.gates import GateTable, gate_of_request
from portal.overviews.runs import ComparedMeasure, RunOverview, run_overview
from portal.overviews.tiers import standing_of
from registry.models import DatasetSnapshot
from registry.selectors import assessment_in_force

STATES = (*RequestState.values, EXPIRED)
"""What the table can be narrowed to."""
VOID_EVENT = "governance.request.voided"
FEW = 4
SHORT = {
    "feature_pipeline_version": "pipeline",
    "training_snapshot": "training",
    "held_out_snapshot": "held-out",
    "card": "card",
    "policy_version": "policy",
    "validation_plan": "plan",
    "validation_results": "results",
    "gate_evaluation": "gate",
    "production": "production",
    "open_findings": "findings",
    "active_waivers": "waivers",
    "rollout": "rollout",
}
"""Names that fit into a cell of the bundle; the others are short already."""


@dataclass(frozen=True)
class SeatLine:
    """A line to sign on; `meaning` is the small line under it."""

    seat: Seat
    decision: Decision | None
    state: str
    title: str
    meaning: str


@dataclass(frozen=True)
class BundlePart:
    """A covered part with the digest that is signed; `changed` is set apart on the page."""

    name: str
    digest: str
    changed: bool


@dataclass(frozen=True)
class VoidedPart:
    """A covered part whose digest is another now; empty digests mean that there was or is none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Voiding:
    """What made a request void: the event in words, by whom, when, and the parts that changed."""

    cause: str
    by: str
    at: datetime | None
    entry: int | None
    parts: Sequence[VoidedPart]


@dataclass(frozen=True)
class MeasureLine:
    """One measure in production and after the release; `holds` unless it is worse than acceptable or not known."""

    compared: ComparedMeasure

    @property
    def holds(self) -> bool:
        """Return whether the candidate is shown to be better or not worse."""
        return self.compared.verdict in {Compared.BETTER, Compared.NOT_WORSE}

    @property
    def label(self) -> str:
        """Return the drawing in words."""
        one = self.compared
        shown = significant(one.difference.value if one.difference else None, signed=True)
        limit = "no limit" if one.limit is None else f"acceptable {significant(one.limit, signed=True)}"
        return f"{one.measure.title}: difference {shown}, {limit}"


@dataclass(frozen=True)
class ReviewOverview:
    """A request's page. `refusal` says why the reader may not sign; it is empty for who may."""

    request: ApprovalRequest
    state: str
    production: Production | None
    parts: Sequence[PartChange]
    gate: GateTable | None
    run: RunOverview | None
    seats: Sequence[SeatLine]
    eligible: Sequence[User]
    excluded: Sequence[Excluded]
    seat_for_reader: Seat | None
    refusal: str
    bundle: Sequence[BundlePart]
    erased: Sequence[DatasetSnapshot]
    drifted: Sequence[VoidedPart]
    voiding: Voiding | None
    findings: FindingsSummary
    comments: CommentsSummary
    timeline: Sequence[EntryLine]
    may_withdraw: bool
    tier_standing: str

    @property
    def title(self) -> str:
        """Return how the request is called."""
        return f"Request #{self.request.pk}"

    @property
    def judged(self) -> list[MeasureLine]:
        """Return the measures that were judged against production; the first few where there was nothing to judge."""
        compared = self.run.compared if self.run else []
        found = [one for one in compared if one.verdict] or compared[:FEW]
        return [MeasureLine(one) for one in found]

    @property
    def unjudged(self) -> list[MeasureLine]:
        """Return the other measures."""
        shown = {line.compared.name for line in self.judged}
        return [MeasureLine(one) for one in (self.run.compared if self.run else []) if one.name not in shown]

    @property
    def bundle_words(self) -> str:
        """Return the count beside the bundle's heading."""
        changed = len(self.voiding.parts) if self.voiding else 0
        return f"{changed} of {len(self.bundle)} parts changed" if changed else f"{len(self.bundle)} parts"

    @property
    def differing(self) -> list[PartChange]:
        """Return the parts that the release changes."""
        return [part for part in self.parts if part.differs]

    @property
    def same(self) -> str:
        """Return the parts that stay as they are, as words."""
        return ", ".join(part.name.lower() for part in self.parts if not part.differs)

    @property
    def signed_count(self) -> int:
        """Return how many seats carry a signature."""
        return sum(line.decision is not None for line in self.seats)

    @property
    def meaning_for_reader(self) -> str:
        """Return the meaning that the reader's seat asks for."""
        return self.seat_for_reader.meaning if self.seat_for_reader else Meaning.APPROVAL

    @property
    def hints(self) -> dict[str, str]:
        """Return what follows from each decision, in words."""
        release = self.request.release
        left = len(self.seats) - self.signed_count - 1
        done = f"{release.version} takes live decisions in {release.environment} at once"
        return {
            Verdict.APPROVE: f"{done}." if left <= 0 else f"{left} more to sign, then {done}.",
            Verdict.REQUEST_CHANGES: f"Ends this request; {self.request.opened_by.name} may open a new one.",
            Verdict.REJECT: "Ends this request. One reject outweighs any number of approvals.",
        }


def reviews_table(actor: Actor, state: str) -> QuerySet[ApprovalRequest]:
    """Return the actor's requests, those that can be signed first and by urgency, then the newest.

    `state` keeps one state (any other text keeps all); `state_shown` is the state now, `signed` and `seat_count` count.
    """
    at = now()
    approvals = Decision.objects.filter(request=OuterRef("pk"), verdict=Verdict.APPROVE)
    rows = (
        ApprovalRequest.objects.visible_to(actor)
        .select_related("release__model__team", "release__version__model", "opened_by")
        .defer("bundle", "void_cause", "release__version__claims", "release__version__signature")
        .annotate(
            state_shown=Case(
                When(state=RequestState.OPEN, expires_at__lte=at, then=Value(EXPIRED)), default=F("state")
            ),
            seat_count=_counted(Seat.objects.filter(request=OuterRef("pk"))),
            signed=_counted(approvals),
        )
    )
    if state in STATES:
        rows = rows.filter(state_shown=state)
    urgency = Case(When(state_shown=RequestState.OPEN, then=F("expires_at")))
    return rows.order_by(urgency.asc(nulls_last=True), "-pk")


def _counted(rows: QuerySet[Any]) -> Coalesce:
    """Return the number of the request's rows; a join would group by every column of the table."""
    counts = rows.order_by().values("request").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


def review_overview(actor: Actor, request: ApprovalRequest) -> ReviewOverview:
    """Return everything needed to decide on the request."""
    state = state_now(request)
    decisions = {one.seat_id: one for one in request.decisions.select_related("signer")}
    seats = list(request.seats.all())
    standing = standings([request])[request.pk]
    eligible, excluded = standing.eligible, standing.excluded
    production = production_beside(request)
    differing = changed_parts(request, production)
    waiting = [seat for seat in seats if seat.pk not in decisions]
    refusal = _refusal(actor, request, state, eligible, excluded)
    release, run = request.release, request.evaluation.run
    lines = _happened(actor, request)
    return ReviewOverview(
        request=request,
        state=state,
        production=production,
        parts=part_changes(request, production),
        gate=gate_of_request(request, Evidence(release.released)),
        run=run_overview(actor, run) if run else None,
        seats=[_seat_line(seat, decisions.get(seat.pk), state, eligible, actor) for seat in seats],
        eligible=eligible,
        excluded=excluded,
        seat_for_reader=waiting[0] if waiting and not refusal else None,
        refusal=refusal,
        bundle=_bundle(request, differing),
        erased=_erased(request, run),
        drifted=_drifted(request, state),
        voiding=_voiding(request, lines),
        findings=open_findings(actor, request.release.released),
        comments=comments_summary(actor, request.release.released),
        timeline=lines,
        may_withdraw=state == RequestState.OPEN and _may_withdraw(actor, request),
        tier_standing=standing_of(assessment_in_force(request.release.model)),
    )


def _erased(request: ApprovalRequest, run: ValidationRun | None) -> list[DatasetSnapshot]:
    """Return the covered snapshots whose rows are gone: their digests hold, yet nothing recomputes what they gave."""
    covered = [request.release.released.training_run.training_snapshot, *([run.plan.held_out] if run else [])]
    return [one for one in {one.pk: one for one in covered}.values() if one.erased_at]


def _may_withdraw(actor: Actor, request: ApprovalRequest) -> bool:
    return actor.user_id == request.opened_by_id and actor.may("open_request", request.release.model.team_id)


def _bundle(request: ApprovalRequest, differing: Collection[str]) -> list[BundlePart]:
    """Return the covered parts in their order; in a voided request those are set apart that changed."""
    cause = request.void_cause
    apart = {part["part"] for part in cause["parts"]} if cause else differing
    return [
        BundlePart(SHORT.get(part, name), request.bundle[part], part in apart)
        for part, name in PARTS.items()
        if part in request.bundle
    ]


def _refusal(
    actor: Actor, request: ApprovalRequest, state: str, eligible: Sequence[User], excluded: Sequence[Excluded]
) -> str:
    """Say why the reader may not sign; empty for who may."""
    if state != RequestState.OPEN:
        return "This request is closed."
    if actor.user_id in {user.pk for user in eligible}:
        return "" if actor.interactive else "Only a person in a browser session signs."
    reasons = next((one.reasons for one in excluded if one.user.pk == actor.user_id), ())
    if reasons:
        return f"Because you {because(reasons)}."
    team = request.release.model.team
    return f"Signing takes the approver's role in {team.name}."


def _seat_line(seat: Seat, decision: Decision | None, state: str, eligible: Sequence[User], actor: Actor) -> SeatLine:
    mine = decision is not None and decision.signer_id == actor.user_id
    if decision is not None:
        verdict = "" if decision.verdict == Verdict.APPROVE else f"{decision.get_verdict_display()}. "
        shown = "voided" if state == RequestState.VOIDED else "signed"
        meaning = f"{verdict}Meaning: {decision.get_meaning_display().lower()}"
        return SeatLine(seat, decision, shown, f"{seat.title}{', you' if mine else ''}", meaning)
    meaning = f"Meaning: {seat.get_meaning_display().lower()}"
    if state != RequestState.OPEN:
        return SeatLine(seat, None, "cancelled", seat.title, f"Never signed. {meaning}")
    return SeatLine(seat, None, "waiting", seat.title, f"{_who_may(eligible)} {meaning}")


def _who_may(eligible: Sequence[User]) -> str:
    if not eligible:
        return "Nobody may sign here."
    names = ", ".join(user.name for user in eligible)
    return f"May sign: {names}."


def _drifted(request: ApprovalRequest, state: str) -> list[VoidedPart]:
    """Return what has changed under an open request without voiding it: its digest can not be signed any more."""
    if state != RequestState.OPEN:
        return []
    return [VoidedPart(one.name, one.before, one.after) for one in what_changed(request)]


def _voiding(request: ApprovalRequest, lines: Sequence[EntryLine]) -> Voiding | None:
    cause = request.void_cause
    if request.state != RequestState.VOIDED or cause is None:
        return None
    line = next(
        (one for one in lines if one.entry.event == VOID_EVENT and one.name.startswith(f"#{request.pk} ")), None
    )
    declared = TYPES.get(cause["event"])
    return Voiding(
        cause=declared.sentence if declared else cause["event"],
        by=line.who if line else "",
        at=request.closed_at,
        entry=line.entry.index if line else None,
        parts=[
            VoidedPart(PARTS.get(part["part"], part["part"]), part["before"], part["after"]) for part in cause["parts"]
        ],
    )


def _happened(actor: Actor, request: ApprovalRequest) -> list[EntryLine]:
    """Return what happened to the request and its version, newest first."""
    own = entries(actor, EntryFilter(topic=f"request:{request.pk}"), limit=20).rows
    version = entries(actor, EntryFilter(topic=f"version:{request.release.version_id}"), limit=12).rows
    rows = {row.index: row for row in (*own, *version)}
    return entry_lines(actor, [rows[index] for index in sorted(rows, reverse=True)])
