"""The inspection of a version: begun, finished by sealing or quarantine, or failed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from registry.choices import ArtifactRole, VersionState
from registry.events import VERSION_FAILED, VERSION_QUARANTINED, VERSION_SEALED
from registry.models import Artifact, ModelVersion, SignerKey
from registry.rules import model_signing
from registry.rules.states import VERSION, after
from registry.rules.values import unrecordable
from registry.rules.versions import Conclusion, FoundFile, VersionParts, conclude, version_digest
from registry.runners.inspection import Inspection, Verdict
from registry.runners.intake import HeldFile
from registry.services.versions import lock_version, record_version

EVENTS = {"seal": VERSION_SEALED, "quarantine": VERSION_QUARANTINED, "fail": VERSION_FAILED}
NEVER_OPENED = "application/octet-stream"


@transaction.atomic
def begin_inspection(*, version_id: int) -> list[HeldFile]:
    """Return the files to inspect; none where the version is no longer waiting for it."""
    version = lock_version(version_id)
    if version.state != VersionState.INSPECTING:
        return []
    pickles = version.model.team.takes_pickles
    return [
        HeldFile(artifact.name, artifact.sha256, artifact.role, pickles=pickles) for artifact in version.artifacts.all()
    ]


@transaction.atomic
def finish_inspection(*, version_id: int, files: Sequence[HeldFile], inspections: Sequence[Inspection]) -> None:
    """Close the inspection: sealed with its digest when each file is accepted, else quarantined or failed."""
    version = lock_version(version_id)
    if version.state != VersionState.INSPECTING or not files:
        return
    found = {file.name: inspection for file, inspection in zip(files, inspections, strict=True)}
    _judge_signature(version, files, found)
    conclusion = conclude([_found(file, found[file.name]) for file in files], version.model.implementation)
    artifacts = list(version.artifacts.all())
    for artifact in artifacts:
        _keep(artifact, found.get(artifact.name))
    if conclusion.verb == "seal":
        version.signature = dict(conclusion.signature)
        version.digest = version_digest(_parts(version, artifacts))
        version.sealed_at = now()
    _close(version, conclusion, actor=SYSTEM)


@transaction.atomic
def fail_inspection(*, actor: Actor, version_id: int, reason: str) -> None:
    """Close a version whose inspection did not come to an end; one that was closed stays as it is."""
    version = lock_version(version_id)
    if version.state == VersionState.INSPECTING:
        _close(version, Conclusion("fail", reason, {}), actor=actor)


def _judge_signature(version: ModelVersion, files: Sequence[HeldFile], found: dict[str, Inspection]) -> None:
    """Put what a supplied signature comes to in the place of what the cage read of it; one that misfits is refused."""
    roles = {file.role: file for file in files}
    held, model = roles.get(ArtifactRole.SIGNATURE), roles.get(ArtifactRole.MODEL)
    if held is None or model is None or found[held.name].verdict != Verdict.ACCEPTED:
        return
    judgement = model_signing.judge(
        model_signing.read(str(found[held.name].details["bundle"]).encode()),
        keys=SignerKey.objects.filter(team=version.model.team_id).as_known(),
        files={file.name: file.sha256 for file in files if file is not held},
        model=model.name,
    )
    misfits = judgement.result == model_signing.DOES_NOT_MATCH
    found[held.name] = replace(
        found[held.name],
        verdict=Verdict.REFUSED if misfits else Verdict.ACCEPTED,
        reason=f"The signature does not match. {judgement.reason}" if misfits else "",
        details=judgement.as_dict(),
    )


def _found(file: HeldFile, inspection: Inspection) -> FoundFile:
    return FoundFile(
        name=file.name,
        role=file.role,
        verdict=inspection.verdict.value,
        reason=inspection.reason,
        detected=inspection.detected,
        signature=inspection.signature,
        details=inspection.details,
    )


def _keep(artifact: Artifact, inspection: Inspection | None) -> None:
    """Write what inspection read; the trigger lets that happen once."""
    artifact.media_type, artifact.inspection = NEVER_OPENED, {}
    if inspection is not None:
        artifact.media_type, artifact.inspection = inspection.media_type, _kept(inspection)
    artifact.save(update_fields=["media_type", "inspection"])


def _kept(inspection: Inspection) -> dict[str, Any]:
    kept: dict[str, Any] = {"verdict": inspection.verdict.value, "detected": inspection.detected}
    described = {"details": dict(inspection.details), "notes": list(inspection.notes)}
    return kept if unrecordable(described) else kept | described


def _parts(version: ModelVersion, artifacts: Sequence[Artifact]) -> VersionParts:
    pipeline = version.feature_pipeline_version
    return VersionParts(
        model=version.model.slug,
        task=version.model.task,
        implementation=version.model.implementation,
        artifacts=[
            {name: getattr(artifact, name) for name in ("role", "name", "sha256", "size", "media_type")}
            for artifact in artifacts
        ],
        training_run=_training(version),
        feature_pipeline_version=None if pipeline is None else pipeline.digest,
        signature=version.signature,
        claims=version.claims,
    )


def _training(version: ModelVersion) -> Mapping[str, Any]:
    run = version.training_run
    return {
        "repository": run.repository,
        "commit": run.commit,
        "hyperparameters": run.hyperparameters,
        "environment_lock_sha256": run.environment_lock_sha256,
        "seed": run.seed,
        "training_snapshot_sha256": run.training_snapshot.sha256,
    }


def _close(version: ModelVersion, conclusion: Conclusion, *, actor: Actor) -> None:
    # Who calls has seen that it is inspecting, and the table lets every conclusion follow from that.
    version.state = str(after(VERSION, conclusion.verb, version.state))
    version.reason = conclusion.reason
    version.save(update_fields=["state", "reason", "signature", "digest", "sealed_at"])
    record_version(version, actor=actor, event=EVENTS[conclusion.verb], private={"reason": version.reason})
