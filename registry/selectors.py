"""Reads of the registry that are wider than a queryset's method."""

import json
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from portal.accounts.choices import Line
from portal.blobs.downloads import Download, download_of
from portal.core.actors import Actor
from portal.core.querysets import ScopedQuerySet
from registry.choices import (
    AssessmentState,
    Environment,
    ReleaseState,
    SnapshotState,
    Stage,
    TierStanding,
    UseCaseState,
    VersionState,
)
from registry.errors import Erased, NotUsable
from registry.models import (
    CardRevision,
    Dataset,
    DatasetSnapshot,
    Document,
    Finding,
    ModelVersion,
    PipelineStage,
    RegisteredModel,
    Release,
    TierAssessment,
    UseCase,
)
from registry.models.documents import DocumentQuerySet
from registry.models.findings import REMEDIATED_BY
from registry.rules.documents import SUFFIXES
from registry.rules.findings import Facts, Standing, line_for
from registry.rules.tiers import Questionnaire, questionnaire_of

PACKS = Path(__file__).parent / "packs"
QUESTIONNAIRE = 1
"""The version that is asked now; a former one stays where it is, for what was answered to it."""

UNKNOWN_TYPE = "application/octet-stream"


def champion_of(model: RegisteredModel, environment: str = Environment.PRODUCTION) -> ModelVersion | None:
    """Return the version of the active release in the environment; None where nothing runs."""
    active = {"releases__environment": environment, "releases__state": ReleaseState.ACTIVE}
    return ModelVersion.objects.with_parts().filter(model=model, **active).first()


def stages_of(model: RegisteredModel) -> list[PipelineStage]:
    """Return the model's six stages in order; one that has no row yet is a stage that nobody owns."""
    rows = {row.stage: row for row in model.stages.with_names()}
    found = [rows.get(stage) or PipelineStage(stage=stage) for stage in Stage]
    for row in found:
        row.model = model
    return found


def without_owner() -> Coalesce:
    """Return how many stages nobody answers for, as a column of models: all but those that somebody does."""
    owned = PipelineStage.objects.owned().filter(model=OuterRef("pk")).order_by().values("model")
    return Coalesce(Value(len(Stage)) - Subquery(owned.annotate(number=Count("pk")).values("number")), len(Stage))


def stages_without_owner(model: RegisteredModel) -> int:
    """Return for how many stages of the model nobody answers."""
    return len(Stage) - model.stages.owned().count()


def with_state_now(rows: ScopedQuerySet[UseCase]) -> ScopedQuerySet[Any]:
    """Give use cases `is_live` (a model of theirs takes live decisions) and `state_now`: "in_use" is computed."""
    live = Release.objects.active_in(Environment.PRODUCTION).filter(model__use_case=OuterRef("pk"))
    in_use = Q(state=UseCaseState.APPROVED_FOR_DEVELOPMENT, is_live=True)
    return rows.annotate(is_live=Exists(live)).annotate(
        state_now=Case(When(in_use, then=Value(UseCaseState.IN_USE.value)), default=F("state"))
    )


@cache
def questionnaire(version: int = QUESTIONNAIRE) -> Questionnaire:
    """Return the questionnaire by which tiers are assessed; raises FileNotFoundError for a version there never was."""
    return questionnaire_of(json.loads((PACKS / f"tiering_{version}.json").read_text()))


def tier_standing() -> Case:
    """Return what a tier rests on, as a column of models."""
    held = TierAssessment.objects.in_force().filter(model=OuterRef("pk"))
    return Case(
        When(Exists(held.filter(independent=True)), then=Value(TierStanding.SECOND_LINE.value)),
        When(Exists(held), then=Value(TierStanding.FIRST_LINE.value)),
        default=Value(TierStanding.NOT_ASSESSED.value),
    )


def assessment_in_force(model: RegisteredModel) -> TierAssessment | None:
    """Return what the model's tier rests on; None where it was given by hand."""
    return model.tier_assessments.with_names().filter(state=AssessmentState.IN_FORCE).first()


def hands_in(model: RegisteredModel) -> set[int]:
    """Return who owns the model or worked on it: versions, training, cards; and who answers for machines that did."""
    return hands_in_models([model])[model.pk]


def hands_in_models(models: Collection[RegisteredModel]) -> dict[int, set[int]]:
    """Return {model: who has a hand in it}, in as many queries for many models as for one."""
    work = ModelVersion.objects.filter(model__in=models).values_list(
        "model", "created_by", "created_by__owner", "submitted_by", "submitted_by__owner", "training_run__owner"
    )
    written = CardRevision.objects.filter(model__in=models).values_list("model", "author", "published_by")
    found: dict[int, set[int]] = {one.pk: {one.owner_id, one.backup_id or one.owner_id} for one in models}
    for row in [*work, *written]:
        found[row[0] or 0].update(user for user in row[1:] if user is not None)
    return found


def standing_in(actor: Actor, model: RegisteredModel, hands: Collection[int] | None = None) -> Standing:
    """Return as what somebody acts towards findings about a model; `hands` where it is known who has one in it."""
    challenges = actor.may("challenge_finding", model.team_id)
    if hands is None:
        hands = hands_in(model) if challenges else ()
    is_person = actor.kind == "user"
    line = line_for(
        challenges=challenges,
        raises=actor.may("raise_finding", model.team_id),
        is_person=is_person,
        has_a_hand=actor.user_id in hands,
    )
    return Standing(actor.user_id, is_person, line, actor.may("answer_finding", model.team_id))


def ended_by(actor: Actor, model: RegisteredModel) -> DocumentQuerySet:
    """Return the model's documents that somebody may withdraw or replace: one's own; all of them in the second line.

    Else those who are judged by what others say of their model could let it count no more.
    """
    rows = Document.objects.filter(model=model)
    return rows if standing_in(actor, model).line == Line.SECOND else rows.added_for(actor.user_id)


def finding_facts(finding: Finding) -> Facts:
    """Return what the rules ask of a finding."""
    remediators = finding.moves.filter(verb__in=REMEDIATED_BY).values_list("by_id", flat=True)
    return Facts(finding.state, finding.severity, finding.line, finding.holder_id, set(remediators))


def file_of(version: ModelVersion, name: str) -> Download | None:
    """Return a version's file as a download, of a type that browsers show to nobody; None without such a file.

    What inspection did not accept is evidence: it leaves under a name that no program opens by itself.
    """
    artifact = next((one for one in version.artifacts.select_related("blob") if one.name == name), None)
    if artifact is None:
        return None
    stopped = version.state in {VersionState.QUARANTINED, VersionState.FAILED}
    media_type = "" if stopped else artifact.media_type
    return download_of(
        artifact.blob, name=f"{name}.{version.state}" if stopped else name, media_type=media_type or UNKNOWN_TYPE
    )


def file_of_document(document: Document) -> Download | None:
    """Return a document's file as a download, under a name of ours that ends as its bytes tell; None without one."""
    if document.blob is None:
        return None
    name = f"{document.model.slug}-document-{document.number}.{SUFFIXES.get(document.media_type, 'bin')}"
    return download_of(document.blob, name=name, media_type=document.media_type)


def sensitive_columns(dataset: Dataset) -> Sequence[str]:
    """Return the sensitive columns of the datasheet in force; takes no query where datasheets were prefetched."""
    return next((sheet.sensitive for sheet in dataset.datasheets.all()[:1]), ())


def rows_of(snapshot: DatasetSnapshot) -> Download:
    """Return the file of a snapshot as a download.

    Raises Erased where its rows were, and NotUsable where it holds none or inspection did not accept them.
    """
    if snapshot.erased_at is not None:
        by = snapshot.erased_by.name if snapshot.erased_by else "somebody"
        raise Erased(f"The rows of {snapshot} were erased by {by} on {snapshot.erased_at:%Y-%m-%d}.")
    if snapshot.blob is None or snapshot.state != SnapshotState.READY:
        raise NotUsable(f"{snapshot} is {snapshot.get_state_display().lower()}: there are no rows to fetch.")
    return download_of(snapshot.blob, name=f"{snapshot.dataset.slug}-{snapshot.number}", media_type=UNKNOWN_TYPE)
