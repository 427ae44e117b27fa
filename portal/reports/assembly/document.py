"""The document that a pack shows: frozen, canonical, with every sentence in it that makes a claim."""

from collections.abc import Collection, Sequence
from typing import Any

from governance.models import ApprovalRequest, GateEvaluation
from monitoring.choices import ProfileState
from portal.core.clock import now
from portal.overviews.profiles import newest_profile
from portal.reports.assembly.decision import decision_part
from portal.reports.assembly.evidence import gate_part, validation_part
from portal.reports.assembly.ledger import Printed, ledger_part
from portal.reports.assembly.lineage import (
    assessment_part,
    card_part,
    comment_part,
    document_part,
    finding_part,
    snapshot_part,
    stage_part,
    version_part,
)
from portal.reports.models import EvidencePack
from portal.reports.rules.statements import statements
from registry.models import (
    CardRevision,
    DatasetSnapshot,
    Discussion,
    Document,
    Finding,
    ModelVersion,
    PipelineStage,
    Release,
    TierAssessment,
)
from registry.selectors import assessment_in_force, stages_of

SCHEMA = "countersign.evidence-pack/1"


def assemble(pack: EvidencePack) -> dict[str, Any]:
    """Return everything that the pack shows as one document; it can be written as canonical JSON.

    Raises Conflict where the ledger has no checkpoint yet.
    """
    release = Release.objects.select_related("model__team", "model__owner", "planned_by").get(pk=pack.release_id)
    version = (
        ModelVersion.objects.with_parts()
        .select_related("created_by", "submitted_by", "training_run__owner")
        .get(pk=release.version_id or 0)
    )
    request = ApprovalRequest.objects.with_parts().filter(release=release).first()
    evaluation = _evaluation(release, request)
    run = evaluation.run if evaluation else None
    stages, assessment = stages_of(release.model), assessment_in_force(release.model)
    findings = list(Finding.objects.about(version).unclosed().with_names().worst_first())
    documents = _documents(release)
    comments = list(Discussion.objects.comments_on(version).with_names().order_by("number"))
    card = card_part(version, request.bundle.values() if request else ())
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "pack": {
            "id": pack.name,
            "template": pack.template,
            "requested_by": {"id": f"user:{pack.requested_by_id}", "name": pack.requested_by.name},
            "requested_at": pack.requested_at.isoformat(),
            "frozen_at": now().isoformat(),
        },
        "subject": _subject(release, stages, assessment),
        "release": _release(release),
        "decision": decision_part(request),
        "version": version_part(version),
        "card": card,
        "data": [snapshot_part(version.training_run.training_snapshot, "training")],
        "validation": validation_part(run),
        "gate": gate_part(evaluation),
        "findings": [finding_part(one) for one in findings],
        "documents": [document_part(one, one.state_now) for one in documents],
        "comments": [comment_part(one) for one in comments],
    }
    if run is not None:
        document["data"].append(snapshot_part(run.plan.held_out, "validation"))
    printed = _printed(release, version, request, evaluation, card)
    # A stage that nobody was ever named for has no entry of its own.
    printed += [Printed("pipeline_stage", f"stage {one.stage}", one) for one in stages if one.changed_at]
    printed += [Printed("finding", f"finding {one.number}", one) for one in findings]
    printed += [Printed("document", f"document {one.number}", one) for one in documents]
    printed += [Printed("comment", f"comment {one.number}", one) for one in comments]
    if assessment is not None:
        printed.append(Printed("tier_assessment", f"tier assessment {assessment.number}", assessment))
    document["ledger"] = ledger_part(printed, _topics(release, request))
    document["says"] = statements(document)
    return document


def _documents(release: Release) -> list[Any]:
    """Return the model's documents that count today, and those whose time is over, each with its `state_now`."""
    return list(Document.objects.filter(model=release.model_id).told_on(now().date()).with_names().order_by("number"))


def _evaluation(release: Release, request: ApprovalRequest | None) -> GateEvaluation | None:
    """Return the evaluation that the request covers, else the newest of this version and environment."""
    rows = GateEvaluation.objects.select_related(
        "policy_version__policy", "run__champion", "run__plan__held_out__dataset", "version"
    )
    if request is not None:
        return rows.get(pk=request.evaluation_id)
    return rows.filter(version_id=release.version_id, environment=release.environment).order_by("-pk").first()


def _subject(release: Release, stages: Sequence[PipelineStage], assessment: TierAssessment | None) -> dict[str, Any]:
    model = release.model
    return {
        "model": model.slug,
        "name": model.name,
        "version": f"v{release.released.number}",
        "environment": release.environment,
        "team": model.team.name,
        "owner": {"id": f"user:{model.owner_id}", "name": model.owner.name},
        "tier": model.tier,
        "tier_assessment": assessment_part(assessment),
        "task": model.get_task_display(),
        "implementation": model.get_implementation_display(),
        "purpose": model.purpose,
        "stages": [stage_part(row) for row in stages],
    }


def _release(release: Release) -> dict[str, Any]:
    former = (
        Release.objects.filter(model=release.model, environment=release.environment, activated_at__isnull=False)
        .exclude(pk=release.pk)
        .filter(activated_at__lt=release.activated_at)
        .select_related("version")
        .order_by("-activated_at")
        .first()
        if release.activated_at
        else None
    )
    return {
        "id": release.pk,
        "state": release.state,
        "fallback": release.fallback,
        "planned_by": {"id": f"user:{release.planned_by_id}", "name": release.planned_by.name},
        "planned_at": release.planned_at.isoformat(),
        "activated_at": release.activated_at.isoformat() if release.activated_at else None,
        "ended_at": release.ended_at.isoformat() if release.ended_at else None,
        "replaced": {"release": former.pk, "version": f"v{former.released.number}"} if former else None,
    }


def _printed(
    release: Release,
    version: ModelVersion,
    request: ApprovalRequest | None,
    evaluation: GateEvaluation | None,
    card: dict[str, Any] | None,
) -> list[Printed]:
    """Return what the pack prints and the ledger must agree with."""
    training = version.training_run
    printed = [Printed("training_run", f"training run {training.pk}", training)]
    printed += [Printed("artifact", f"file {one.name}", one) for one in version.artifacts.all()]
    if version.feature_pipeline_version is not None:
        pipeline = version.feature_pipeline_version
        printed.append(Printed("feature_pipeline_version", f"feature pipeline {pipeline}", pipeline))
    snapshots = [training.training_snapshot]
    if evaluation is not None and evaluation.run is not None:
        run = evaluation.run
        printed.append(Printed("plan", f"validation plan {run.plan.number}", run.plan))
        printed.append(Printed("run", f"validation run {run.pk}", run))
        snapshots.append(run.plan.held_out)
    printed += _printed_data({one.pk: one for one in snapshots}.values())
    if card is not None:
        found = CardRevision.objects.get(pk=card["id"])
        printed.append(Printed("card_revision", f"card revision {found.number}", found))
    printed.append(Printed("version", str(version), version))
    if evaluation is not None:
        printed.append(Printed("policy_version", str(evaluation.policy_version), evaluation.policy_version))
        printed.append(Printed("gate_evaluation", f"gate evaluation {evaluation.pk}", evaluation))
    if request is not None:
        printed.append(Printed("request", f"request {request.pk}", request))
        printed += [Printed("decision", f"decision of {one.signer_name}", one) for one in request.decisions.all()]
    printed.append(Printed("release", f"release {release.pk}", release))
    return printed


def _printed_data(snapshots: Collection[DatasetSnapshot]) -> list[Printed]:
    """Return the snapshots, their profiles, and the datasheets of what they are snapshots of."""
    profiles = [found for one in snapshots if (found := newest_profile(one)) and found.state == ProfileState.DONE]
    datasets = {one.dataset_id: one.dataset for one in snapshots}.values()
    sheets = [sheet for one in datasets if (sheet := one.datasheets.select_related("dataset").first()) is not None]
    return [
        *(Printed("snapshot", f"snapshot {one}", one) for one in snapshots),
        *(Printed("profile", str(one), one) for one in profiles),
        *(Printed("datasheet", str(one), one) for one in sheets),
    ]


def _topics(release: Release, request: ApprovalRequest | None) -> list[str]:
    return [f"release:{release.pk}", *([f"request:{request.pk}"] if request else [])]
