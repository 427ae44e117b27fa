"""What an approval covers, and what of it has changed."""

from datetime import date

from governance.models import ApprovalRequest, GateEvaluation, PolicyVersion
from governance.rules import bundles
from governance.rules.bundles import ChangedPart
from governance.rules.expressions import compiled
from monitoring.choices import RunState
from monitoring.models import ValidationRun
from portal.core.canonical import digest_of
from portal.core.clock import now
from registry.choices import CardState, VersionState
from registry.models import CardRevision, Document, Finding, ModelVersion, RegisteredModel, Release
from registry.selectors import champion_of

NONE = digest_of(None)
"""The digest of a part that is not there."""


def current_bundle(request: ApprovalRequest) -> dict[str, str]:
    """Return the bundle as it would be now: the request's own policy version and evaluation, all else afresh."""
    return bundle_of(request.release, request.evaluation)


def what_changed(request: ApprovalRequest) -> list[ChangedPart]:
    """Return the parts that are no longer what the request covers."""
    return bundles.changed(request.bundle, current_bundle(request))


def bundle_of(release: Release, evaluation: GateEvaluation) -> dict[str, str]:
    """Return {part: digest} of everything that an approval of the release covers (invariant 3)."""
    model, version = RegisteredModel.objects.get(pk=release.model_id), whole_version(release.released.pk)
    run, champion, card = newest_run(version), comparable_champion(version), published_card(model)
    pipeline = version.feature_pipeline_version
    sealed = version.state == VersionState.SEALED
    reads = reads_documents(evaluation.policy_version)
    return bundles.complete(
        {
            "version": version.digest if sealed else digest_of([version.digest, version.state]),
            "feature_pipeline_version": pipeline.digest if pipeline else digest_of("inside the artifact"),
            "training_snapshot": version.training_run.training_snapshot.sha256,
            "held_out_snapshot": run.plan.held_out.sha256 if run else NONE,
            "card": card.digest if card else NONE,
            "policy_version": evaluation.policy_version.digest,
            "validation_plan": run.plan.digest if run else NONE,
            "validation_results": _results_digest(run),
            "gate_evaluation": evaluation.digest,
            "production": champion.digest if champion else NONE,
            "open_findings": findings_digest(version),
            # Waivers do not exist yet; their part is the empty list until they do.
            "active_waivers": digest_of([]),
            "tier": digest_of(model.tier),
            "rollout": digest_of({"steps": [], "fallback": release.fallback}),
            "environment": digest_of(release.environment),
        }
        | ({"documents": documents_digest(model, now().date())} if reads else {})
    )


def findings_digest(version: ModelVersion) -> str:
    """Return the digest of what is open against a version: number and severity of each finding, not who works on it."""
    rows = Finding.objects.about(version).unclosed().order_by("number")
    return digest_of([[number, severity] for number, severity in rows.values_list("number", "severity")])


def variables_read(policy: PolicyVersion) -> frozenset[str]:
    """Return the variables that the policy's checks read."""
    checks = policy.document["checks"]
    return frozenset(variable.name for check in checks for variable in compiled(check["expression"]).reads)


def reads_documents(policy: PolicyVersion) -> bool:
    """Whether a check of the policy reads documents, which are a covered part then."""
    return any(name.startswith("documents.") for name in variables_read(policy))


def documents_digest(model: RegisteredModel, day: date) -> str:
    """Return the digest of the model's documents that are valid or expired on a day: the file of each, and which."""
    rows = Document.objects.filter(model=model).told_on(day).order_by("number")
    return digest_of([list(row) for row in rows.values_list("number", "kind", "sha256", "state_now")])


def newest_run(version: ModelVersion) -> ValidationRun | None:
    """Return the version's newest run that ended; one that a person cancelled says nothing either way."""
    ended = version.validation_runs.filter(finished_at__isnull=False).exclude(state=RunState.CANCELLED)
    return ended.select_related("plan__held_out").order_by("-finished_at", "-pk").first()


def comparable_champion(version: ModelVersion) -> ModelVersion | None:
    """Return the other sealed version that production runs now, if there is one: what a run compares with."""
    return comparable(version, champion_of(version.model))


def comparable(version: ModelVersion, champion: ModelVersion | None) -> ModelVersion | None:
    """Return what production runs if it can be compared with the version: another one, and sealed."""
    if champion is None or champion.pk == version.pk or champion.state != VersionState.SEALED:
        return None
    return champion


def published_card(model: RegisteredModel) -> CardRevision | None:
    """Return the model's published card."""
    return model.card_revisions.filter(state=CardState.PUBLISHED).first()


def whole_version(version_id: int) -> ModelVersion:
    """Return the version as it is now, with what it came from joined."""
    return ModelVersion.objects.select_related(
        "model", "feature_pipeline_version", "training_run__training_snapshot"
    ).get(pk=version_id)


def _results_digest(run: ValidationRun | None) -> str:
    if run is None:
        return NONE
    # A run that measured nothing has no digest of results; that it ended so is what there is to cover.
    return run.results_digest or digest_of({"run": run.pk, "state": run.state})
