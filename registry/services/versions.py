"""Model versions: registered, filled with files, handed to inspection, withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from portal.blobs.models import Blob
from portal.blobs.services import hold
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.jobs.services import enqueue
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import INSPECT_VERSION, ArtifactRole, Implementation, SnapshotState
from registry.errors import CiIdentityRefused, DigestMismatch, NotUsable, VersionIsSealed
from registry.events import (
    ARTIFACT_ADDED,
    TRAINING_RUN_RECORDED,
    VERSION_REGISTERED,
    VERSION_SUBMITTED,
    VERSION_WITHDRAWN,
)
from registry.models import (
    Artifact,
    CiIssuer,
    DatasetSnapshot,
    FeaturePipelineVersion,
    LineageRun,
    ModelVersion,
    RegisteredModel,
    SignerKey,
    TrainingRun,
)
from registry.rules import artifacts as files
from registry.rules import ci_identity, commit_signing
from registry.rules.states import VERSION, after
from registry.rules.values import text_problems
from registry.rules.versions import Claim, author_addresses, claim_problems, training_problems
from registry.services.rows import author_of, lock_model, next_number, require_in_service

__all__ = [
    "Claim",
    "TrainingRunInput",
    "add_artifact",
    "lock_version",
    "record_version",
    "register_version",
    "require_receiving",
    "submit_version",
    "version_subject",
    "withdraw_version",
]


@dataclass(frozen=True)
class TrainingRunInput:
    """How a version was trained, as its submitter declares it."""

    repository: str
    commit: str
    commit_authors: Sequence[str]
    environment_lock_sha256: str
    training_snapshot: DatasetSnapshot
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    hardware: str = ""
    parent: TrainingRun | None = None
    lineage_run: LineageRun | None = None
    signed_commit: str = ""
    """The commit itself, as `git cat-file commit` prints it; "": it was not sent."""
    ci_identity_token: str = field(default="", repr=False)
    """The CI job's identity token, which is never kept; "": none was sent."""


@transaction.atomic
def register_version(
    *,
    actor: Actor,
    model: RegisteredModel,
    training_run: TrainingRunInput,
    description: str = "",
    feature_pipeline_version: FeaturePipelineVersion | None = None,
    claims: Sequence[Claim] = (),
) -> ModelVersion:
    """Register the model's next version and record its training run; its files follow.

    No feature pipeline version means that it is inside the artifact. Raises Forbidden and Invalid, CiIdentityRefused
    for a token that does not fit, and NotUsable for a model that is retired or a vendor's black box.
    """
    actor.require("register_version", model.team_id)
    model = lock_model(model.pk)
    require_in_service(model)
    if model.implementation == Implementation.VENDOR:
        raise NotUsable("A vendor's black box has no files that could be inspected; no version of it is registered.")
    problems = _problems(actor, training_run, feature_pipeline_version, claims)
    problems |= text_problems({}, {"description": description})
    commit, misfit = _told_by_commit(model, training_run)
    problems |= misfit
    if problems:
        raise Invalid("The version can't be registered; see the fields.", fields=problems)
    run = _record_training(actor, model, training_run, commit, _told_by_ci(model, training_run))
    version = ModelVersion.objects.create(
        model=model, number=next_number(model.versions.all()), description=description, training_run=run,
        feature_pipeline_version=feature_pipeline_version, claims=[claim.as_dict() for claim in claims],
        created_by_id=author_of(actor), created_at=now(),
    )  # fmt: skip
    record_version(version, actor=actor, event=VERSION_REGISTERED, private={"description": description})
    return version


def require_receiving(*, actor: Actor, version: ModelVersion) -> None:
    """Refuse an upload before its bytes are read: raises Forbidden, and VersionIsSealed where it may not grow."""
    actor.require("register_version", version.model.team_id)
    _require(version, "add a file")


@transaction.atomic
def add_artifact(
    *, actor: Actor, version: ModelVersion, role: str, name: str, blob: Blob, declared_sha256: str
) -> Artifact:
    """Add a file to a version that is being received.

    Raises Forbidden, VersionIsSealed, Invalid, DigestMismatch and BytesGone.
    """
    actor.require("register_version", version.model.team_id)
    version = lock_version(version.pk)
    _require(version, "add a file")
    held = [files.HeldFile(artifact.name, artifact.role) for artifact in version.artifacts.all()]
    if problems := files.problems(name=name, role=role, held=held):
        raise Invalid("The file can't be added; see the fields.", fields=problems)
    lock = version.training_run.environment_lock_sha256
    if problems := files.digest_problem(role=role, received=blob.pk, declared=declared_sha256, environment_lock=lock):
        raise DigestMismatch(problems["sha256"][0], fields=problems)
    hold(blob)
    artifact = Artifact.objects.create(
        version=version,
        role=role,
        name=name,
        blob=blob,
        sha256=blob.pk,
        size=blob.size,
        created_by_id=author_of(actor),
        created_at=now(),
    )
    append(
        actor=actor,
        event=ARTIFACT_ADDED,
        subject=Subject("artifact", str(artifact.pk), artifact.name, version.model.team_id),
        data=artifact.public_state(),
        topics=(f"model:{version.model_id}", f"version:{version.pk}"),
    )
    return artifact


@transaction.atomic
def submit_version(*, actor: Actor, version: ModelVersion) -> ModelVersion:
    """Hand a version to inspection. Raises Forbidden, VersionIsSealed, and NotUsable without a model file."""
    actor.require("submit_version", version.model.team_id)
    version = lock_version(version.pk)
    state = _require(version, "submit")
    if not version.artifacts.filter(role=ArtifactRole.MODEL).exists():
        message = "The version has no model file. Add one with the role model, then submit."
        raise NotUsable(message, fields={"artifacts": [message]})
    version.state, version.submitted_by_id, version.submitted_at = state, author_of(actor), now()
    version.save(update_fields=["state", "submitted_by", "submitted_at"])
    record_version(version, actor=actor, event=VERSION_SUBMITTED)
    enqueue(actor=actor, kind=INSPECT_VERSION, subject=version_subject(version), arguments={"version_id": version.pk})
    return version


@transaction.atomic
def withdraw_version(*, actor: Actor, version: ModelVersion, reason: str) -> ModelVersion:
    """Take a version out of use for good. Raises Forbidden, Invalid, and NotUsable while it decides anywhere."""
    actor.require("submit_version", version.model.team_id)
    version = lock_version(version.pk)
    if problems := text_problems({"reason": reason}):
        raise Invalid("Say why the version is withdrawn.", fields=problems)
    state = after(VERSION, "withdraw", version.state)
    if state is None:
        raise NotUsable(f"{version} is {version.get_state_display().lower()} and can't be withdrawn now.")
    if version.releases.filter(state="active").exists():
        raise NotUsable(f"{version} takes live decisions; supersede its release first.")
    version.state, version.reason = state, reason.strip()
    version.save(update_fields=["state", "reason"])
    record_version(version, actor=actor, event=VERSION_WITHDRAWN, private={"reason": version.reason})
    return version


def lock_version(version_id: int) -> ModelVersion:
    """Lock the model's row, then the version's, and return the version with its model and training run."""
    lock_model(ModelVersion.objects.values_list("model_id", flat=True).get(pk=version_id))
    rows = ModelVersion.objects.select_for_update(of=("self",))
    return rows.select_related("model", "training_run", "feature_pipeline_version").get(pk=version_id)


def version_subject(version: ModelVersion) -> Subject:
    """Return the version as entries and jobs name it."""
    return Subject("version", str(version.pk), str(version), version.model.team_id)


def record_version(
    version: ModelVersion, *, actor: Actor, event: EventType, private: Mapping[str, str] | None = None
) -> None:
    """Write an entry about a version, whose model is joined; empty texts are left out."""
    append(
        actor=actor,
        event=event,
        subject=version_subject(version),
        data=version.public_state(),
        private={name: text for name, text in (private or {}).items() if text},
        topics=(f"model:{version.model_id}", f"version:{version.pk}"),
    )


def _require(version: ModelVersion, verb: str) -> str:
    state = after(VERSION, verb, version.state)
    if state is None:
        raise VersionIsSealed(
            f"{version} is {version.get_state_display().lower()} and can't change any more. Register a new version."
        )
    return state


def _problems(
    actor: Actor, run: TrainingRunInput, pipeline: FeaturePipelineVersion | None, claims: Sequence[Claim]
) -> dict[str, list[str]]:
    problems = claim_problems(claims) | training_problems(
        repository=run.repository, commit=run.commit, commit_authors=run.commit_authors,
        hyperparameters=run.hyperparameters, environment_lock_sha256=run.environment_lock_sha256, seed=run.seed,
        hardware=run.hardware,
    )  # fmt: skip
    if run.parent is not None and not TrainingRun.objects.visible_to(actor).filter(pk=run.parent.pk).exists():
        problems["training_run.continues"] = ["There is no such version."]
    if run.lineage_run is not None and not LineageRun.objects.visible_to(actor).filter(pk=run.lineage_run.pk).exists():
        problems["training_run.lineage_run"] = ["There is no such run."]
    snapshot = DatasetSnapshot.objects.visible_to(actor).filter(pk=run.training_snapshot.pk).first()
    if snapshot is None:
        problems["training_run.training_snapshot"] = ["There is no such snapshot."]
    elif snapshot.state not in {SnapshotState.READY, SnapshotState.REFERENCED}:
        state = snapshot.get_state_display().lower()
        problems["training_run.training_snapshot"] = [f"{snapshot} is {state}; a version is trained on a ready one."]
    if pipeline is not None and not FeaturePipelineVersion.objects.visible_to(actor).filter(pk=pipeline.pk).exists():
        problems["feature_pipeline_version"] = ["There is no such feature pipeline version."]
    return problems


def _told_by_commit(
    model: RegisteredModel, run: TrainingRunInput
) -> tuple[commit_signing.Told | None, dict[str, list[str]]]:
    """Return what the commit itself tells, where it was sent, and what of the declaration it contradicts, by field."""
    if not run.signed_commit:
        return None, {}
    keys = SignerKey.objects.filter(team=model.team_id).as_known()
    try:
        told = commit_signing.judge(run.signed_commit, commit=run.commit, keys=keys)
    except commit_signing.NotTheCommit as refused:
        return None, {"training_run.signed_commit": [str(refused)]}
    if told.author not in author_addresses(run.commit_authors):
        return None, {"training_run.commit_authors": [f"The commit was written by {told.author}: name them, too."]}
    return told, {}


def _told_by_ci(model: RegisteredModel, run: TrainingRunInput) -> ci_identity.Identity | None:
    """Return which CI job says that it ran at this commit, where its token was sent; raises CiIdentityRefused."""
    if not run.ci_identity_token:
        return None
    issuers = CiIssuer.objects.filter(team=model.team_id).trusted()
    try:
        return ci_identity.judge(
            run.ci_identity_token,
            issuers=issuers,
            repository=run.repository,
            commit=run.commit,
            at=now().timestamp(),
        )
    except ci_identity.NotTheIdentity as refused:
        fields = {"training_run.ci_identity_token": [str(refused)]}
        raise CiIdentityRefused(f"The version can't be registered. {refused}", fields=fields) from None


def _record_training(
    actor: Actor,
    model: RegisteredModel,
    declared: TrainingRunInput,
    commit: commit_signing.Told | None,
    identity: ci_identity.Identity | None,
) -> TrainingRun:
    authors = list(declared.commit_authors)
    run = TrainingRun.objects.create(
        model=model, repository=declared.repository, commit=declared.commit, commit_authors=authors,
        hyperparameters=dict(declared.hyperparameters), environment_lock_sha256=declared.environment_lock_sha256,
        seed=declared.seed, training_snapshot=declared.training_snapshot, owner_id=author_of(actor), created_at=now(),
        hardware=declared.hardware, parent=declared.parent, lineage_run=declared.lineage_run,
        commit_signature=commit.as_dict() if commit else {}, ci_identity=identity.as_dict() if identity else {},
    )  # fmt: skip
    append(
        actor=actor,
        event=TRAINING_RUN_RECORDED,
        subject=Subject("training_run", str(run.pk), str(run), model.team_id),
        data=run.public_state(),
        private={"commit_authors": ", ".join(authors)},
        topics=(f"model:{model.pk}", f"training_run:{run.pk}"),
    )
    return run
