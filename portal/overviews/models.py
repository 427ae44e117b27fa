"""The list of models, and one model with everything that hangs on it."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from governance.choices import RequestState
from governance.models import ApprovalRequest, GateEvaluation
from governance.selectors.requests import state_now
from monitoring.choices import Measured
from monitoring.models import Measurement, ValidationPlan, ValidationRun
from monitoring.rules.measures import Measure, measure_named
from portal.accounts.models import Team
from portal.accounts.selectors import people_known_to
from portal.core.actors import Actor
from portal.overviews.comments import CommentsSummary, comments_summary
from portal.overviews.declared import DeclaredLine, declared_line
from portal.overviews.documents import DocumentsSummary, documents_summary
from portal.overviews.entries import EntryLine
from portal.overviews.findings import FindingsSummary, open_findings
from portal.overviews.tiers import Shortfall, shortfall_of, standing_of
from portal.overviews.timeline import timeline
from portal.overviews.versions import Change, changes_against
from registry.choices import CardState, Environment, ReleaseState, StageState, VersionState
from registry.models import CardRevision, ModelVersion, PipelineStage, RegisteredModel, Release
from registry.rules.links import Contact
from registry.selectors import assessment_in_force, stages_of, tier_standing, without_owner

VERSIONS_SHOWN = 20
RELEASES_SHOWN = 10


STANDING = frozenset({"serving", "newest", "validation", "gate", "stages"})


def with_standing(rows: QuerySet[RegisteredModel], shown: AbstractSet[str] = STANDING) -> QuerySet[RegisteredModel]:
    """Give models what production runs, how the newest version stands, and stages without an owner: as far as shown."""
    newest = ModelVersion.objects.filter(model=OuterRef("pk")).order_by("-number")
    active = Release.objects.active_in(Environment.PRODUCTION).filter(model=OuterRef("pk"))
    declared = Release.objects.declared().filter(model=OuterRef("pk")).order_by("deadline", "pk")
    newest_run = ValidationRun.objects.filter(version__model=OuterRef("pk")).order_by("-pk")
    gate = GateEvaluation.objects.filter(version__model=OuterRef("pk")).order_by("-pk")
    waiting = ApprovalRequest.objects.filter(release__model=OuterRef("pk"), state=RequestState.OPEN).order_by("-pk")
    columns: dict[str, dict[str, Any]] = {
        "serving": {
            "production_number": Subquery(active.values("version__number")[:1]),
            "production_since": Subquery(active.values("activated_at")[:1]),
        },
        "newest": {
            "newest_number": Subquery(newest.values("number")[:1]),
            "newest_state": Subquery(newest.values("state")[:1]),
            "waiting_request": Subquery(waiting.values("pk")[:1]),
            "waiting_number": Subquery(waiting.values("release__version__number")[:1]),
        },
        "validation": {
            "newest_run_id": Subquery(newest_run.values("pk")[:1]),
            "newest_run_state": Subquery(newest_run.values("state")[:1]),
            "newest_run_number": Subquery(newest_run.values("version__number")[:1]),
        },
        "gate": {
            "gate_outcome": Subquery(gate.values("outcome")[:1]),
            "gate_number": Subquery(gate.values("version__number")[:1]),
        },
        "stages": {"stages_without_owner": without_owner()},
        "tier": {"tier_standing": tier_standing()},
        "declared": {
            "declared_since": Subquery(declared.values("in_use_since")[:1]),
            "declared_deadline": Subquery(declared.values("deadline")[:1]),
        },
    }
    # Where it says what serves, it says what is declared to.
    keys = shown | {"declared"} if "serving" in shown else shown
    return rows.annotate(**{name: value for key in keys for name, value in columns.get(key, {}).items()})


def teams_of_models(actor: Actor) -> list[tuple[str, str]]:
    """Return slug and name of the teams whose models the actor may see."""
    theirs = RegisteredModel.objects.visible_to(actor).filter(team=OuterRef("pk")).order_by()
    return list(Team.objects.filter(Exists(theirs)).order_by("name").values_list("slug", "name"))


@dataclass(frozen=True)
class VersionLine:
    """A version in its model's table; `headline` is the first measure of the plan."""

    version: ModelVersion
    run: ValidationRun | None
    release: Release | None
    gate: GateEvaluation | None = None
    headline: Measurement | None = None


@dataclass(frozen=True)
class RequestLine:
    """A request with its state now and how many seats are signed."""

    request: ApprovalRequest
    state: str
    signed: int
    seats: int


@dataclass(frozen=True)
class ContactLine:
    """Somebody who can be asked; `actor` is the account here that has this address, empty where none is known."""

    contact: Contact
    actor: str


@dataclass(frozen=True)
class ModelOverview:
    """A model's page. `allowed_by` is the request behind the active release, `candidate` what would follow it.

    `declared` is what was in use before the portal and has not been through the gates, by environment.
    """

    model: RegisteredModel
    active: Release | None
    declared: Sequence[DeclaredLine]
    allowed_by: RequestLine | None
    candidate: ModelVersion | None
    changes: Sequence[Change]
    card: CardRevision | None
    plan: ValidationPlan | None
    headline: Measure | None
    stages: Sequence[PipelineStage]
    findings: FindingsSummary
    documents: DocumentsSummary
    contacts: Sequence[ContactLine]
    comments: CommentsSummary
    tier_standing: str
    shortfall: Shortfall | None
    versions: Sequence[VersionLine]
    open_requests: Sequence[RequestLine]
    releases: Sequence[Release]
    timeline: Sequence[EntryLine]

    @property
    def stages_without_owner(self) -> int:
        """Return for how many stages nobody answers."""
        return sum(stage.state != StageState.OWNED for stage in self.stages)

    @property
    def stages_words(self) -> str:
        """Return how many stages have no owner, in words."""
        missing = self.stages_without_owner
        return f"{missing} of {len(self.stages)} without an owner" if missing else ""

    @property
    def margins(self) -> list[tuple[str, float]]:
        """Return the plan's margins by the name that people call the measure."""
        said = self.plan.specification.get("margins", {}) if self.plan else {}
        return [(measure_named(name).title, margin) for name, margin in said.items()]

    @property
    def change_heading(self) -> str:
        """Return which two versions the changes lie between."""
        if self.candidate is None or self.active is None:
            return ""
        return f"v{self.candidate.number} against v{self.active.released.number}"


def model_overview(actor: Actor, model: RegisteredModel) -> ModelOverview:
    """Return what the model's page shows, newest first."""
    releases = list(model.releases.select_related("version__model", "planned_by", "feature_pipeline_version__pipeline"))
    active = next((r for r in releases if r.state == ReleaseState.ACTIVE and r.environment == "production"), None)
    plan = model.validation_plans.select_related("held_out__dataset", "model").first()
    headline = _headline(plan)
    production = _with_lineage(active.released.pk) if active else None
    requests = _lines(ApprovalRequest.objects.filter(release__model=model, state=RequestState.OPEN))
    asked_for = next((one.request.release.released.pk for one in requests if one.state == RequestState.OPEN), None)
    assessment = assessment_in_force(model)
    candidate = _with_lineage(asked_for) if asked_for else _candidate(model, production)
    return ModelOverview(
        model=model,
        active=active,
        declared=[declared_line(one) for one in releases if one.state == ReleaseState.DECLARED],
        allowed_by=_allowed_by(active),
        candidate=candidate,
        changes=changes_against(candidate, production) if candidate and production else [],
        card=model.card_revisions.filter(state=CardState.PUBLISHED).select_related("author").first(),
        plan=plan,
        headline=headline,
        stages=stages_of(model),
        findings=open_findings(actor, model),
        documents=documents_summary(actor, model),
        contacts=_contacts(actor, model),
        comments=comments_summary(actor, model),
        tier_standing=standing_of(assessment),
        shortfall=shortfall_of(model, assessment),
        versions=version_lines(model, releases, headline),
        open_requests=requests,
        releases=releases[:RELEASES_SHOWN],
        timeline=timeline(actor, topic=f"model:{model.pk}"),
    )


def _contacts(actor: Actor, model: RegisteredModel) -> list[ContactLine]:
    """Return whom to ask; those of them who are known here lead to what they did."""
    contacts = [Contact(**one) for one in model.contacts]
    addresses = {one.address.lower() for one in contacts}
    known = people_known_to(actor).filter(email__in=addresses) if addresses else ()
    actors = {user.email: user.actor_id for user in known}
    return [ContactLine(one, actors.get(one.address.lower(), "")) for one in contacts]


def version_lines(model: RegisteredModel, releases: Sequence[Release], headline: Measure | None) -> list[VersionLine]:
    """Return the newest versions, each with its newest run, release, gate and headline measure."""
    versions = list(
        model.versions.select_related(
            "created_by", "model", "training_run__training_snapshot__dataset"
        )[:VERSIONS_SHOWN]
    )  # fmt: skip
    runs = ValidationRun.objects.filter(version__in=versions).order_by("version_id", "-pk").distinct("version_id")
    run_of = {run.version_id: run for run in runs}
    gates = GateEvaluation.objects.filter(version__in=versions).order_by("version_id", "-pk").distinct("version_id")
    gate_of = {gate.version_id: gate for gate in gates}
    release_of: dict[int, Release] = {}
    for release in reversed(releases):
        if release.version_id is not None:
            release_of[release.version_id] = release
    found = Measurement.objects.filter(
        run__in=[run.pk for run in run_of.values()],
        measured=Measured.CANDIDATE,
        slice_column="",
        name=headline.key if headline else "",
    )
    measured = {one.run_id: one for one in found}
    return [
        VersionLine(
            version,
            run := run_of.get(version.pk),
            release_of.get(version.pk),
            gate_of.get(version.pk),
            measured.get(run.pk) if run else None,
        )
        for version in versions
    ]


def _headline(plan: ValidationPlan | None) -> Measure | None:
    metrics = plan.specification.get("metrics", []) if plan else []
    return measure_named(metrics[0]) if metrics else None


def _with_lineage(version_id: int) -> ModelVersion:
    return ModelVersion.objects.with_parts().get(pk=version_id)


def _candidate(model: RegisteredModel, production: ModelVersion | None) -> ModelVersion | None:
    """Return the newest sealed version above the one in production that never served there; what did is not next."""
    served = Release.objects.filter(model=model, environment=Environment.PRODUCTION, activated_at__isnull=False)
    rows = ModelVersion.objects.with_parts().filter(model=model, state=VersionState.SEALED)
    rows = rows.exclude(pk__in=served.values("version"))
    if production is not None:
        rows = rows.filter(number__gt=production.number)
    return rows.first()


def _allowed_by(active: Release | None) -> RequestLine | None:
    if active is None:
        return None
    lines = _lines(ApprovalRequest.objects.filter(release=active))
    return lines[0] if lines else None


def _lines(rows: QuerySet[ApprovalRequest]) -> list[RequestLine]:
    counted = (
        rows.select_related("release__model__team", "release__version", "policy_version__policy", "opened_by")
        .annotate(
            signed_count=Count("decisions", filter=Q(decisions__verdict="approve"), distinct=True),
            seat_count=Count("seats", distinct=True),
        )
        .order_by("-pk")
    )
    return [RequestLine(one, state_now(one), one.signed_count, one.seat_count) for one in counted]


def open_request_of(model: RegisteredModel) -> ApprovalRequest | None:
    """Return the newest open request of the model's releases: what a changed card would void."""
    return ApprovalRequest.objects.filter(release__model=model, state=RequestState.OPEN).order_by("-pk").first()
