"""Releases: what runs where, and who allowed it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet

from governance.models import ApprovalRequest, Decision
from governance.selectors.gates import Evidence
from governance.selectors.requests import state_now
from portal.core.actors import Actor
from portal.ledger.selectors import entries_about
from portal.overviews.declared import DeclaredLine, declared_line
from portal.overviews.entries import EntryLine, entry_lines
from portal.overviews.gates import GateTable, gate_of_request
from portal.overviews.tiers import Shortfall, shortfall_of
from registry.choices import Environment, ReleaseState
from registry.models import Release
from registry.selectors import assessment_in_force

STATES = ReleaseState.values
"""What the table can be narrowed to."""


@dataclass(frozen=True)
class ReleaseOverview:
    """A release's page."""

    release: Release
    request: ApprovalRequest | None
    request_state: str
    decisions: Sequence[Decision]
    gate: GateTable | None
    running: Release | None
    shortfall: Shortfall | None
    timeline: Sequence[EntryLine]

    @property
    def title(self) -> str:
        """Return how the release is called."""
        return f"Release {self.release.pk}"

    @property
    def subject(self) -> str:
        """Return the heading over what the release consists of."""
        words = dict.fromkeys((ReleaseState.ACTIVE, ReleaseState.DECLARED), "What runs")
        words[ReleaseState.PLANNED] = "What would run"
        return words.get(ReleaseState(self.release.state), "What ran")

    @property
    def declared(self) -> DeclaredLine | None:
        """Return by when it goes through the gates; None unless it is declared."""
        return declared_line(self.release) if self.release.state == ReleaseState.DECLARED else None

    @property
    def verdict(self) -> str:
        """Return the heading: what the release does, as a sentence."""
        name, where = str(self.release.version or self.release.model), self.release.environment
        words = {
            ReleaseState.PLANNED: f"{name} is planned for {where}; it decides nothing yet.",
            ReleaseState.DECLARED: f"{name} was in use in {where} before the portal; nobody approved it here.",
            ReleaseState.ACTIVE: f"{name} takes live decisions in {where}.",
            ReleaseState.SUPERSEDED: f"{name} no longer decides in {where}: a newer release took over.",
            ReleaseState.ROLLED_BACK: f"{name} was rolled back in {where}.",
            ReleaseState.HALTED: f"{name} is halted in {where}: the fallback decides.",
            ReleaseState.RETIRED: f"{name} is retired in {where}.",
        }
        return words[ReleaseState(self.release.state)]


def releases_table(actor: Actor, state: str = "") -> QuerySet[Release]:
    """Return the releases that the actor may see, the latest activated first; `state` keeps one state."""
    rows = (
        Release.objects.visible_to(actor)
        .select_related("model__team", "version__model", "planned_by", "approval_request")
        .order_by(F("activated_at").desc(nulls_first=True), "-pk")
    )
    return rows.filter(state=state) if state in STATES else rows


def release_overview(actor: Actor, release: Release) -> ReleaseOverview:
    """Return what the release's page shows."""
    request = ApprovalRequest.objects.with_parts().filter(release=release).first()
    evidence = Evidence(release.version) if release.version is not None else None
    others = release.model.releases.active_in(release.environment).exclude(pk=release.pk)
    return ReleaseOverview(
        release=release,
        request=request,
        request_state=state_now(request) if request else "",
        decisions=list(request.decisions.select_related("seat").order_by("seat__position")) if request else [],
        gate=gate_of_request(request, evidence) if request and evidence else None,
        running=others.select_related("version__model").first(),
        shortfall=_shortfall(release, evidence),
        timeline=entry_lines(actor, entries_about(actor, topic=f"release:{release.pk}", limit=12)),
    )


def _shortfall(release: Release, evidence: Evidence | None) -> Shortfall | None:
    """Return what a release that decides in production lacks since the tier was raised."""
    if (release.state, release.environment) != (ReleaseState.ACTIVE, Environment.PRODUCTION):
        return None
    return shortfall_of(release.model, assessment_in_force(release.model), evidence)
