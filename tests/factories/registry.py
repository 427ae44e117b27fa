"""Registry rows in a consistent state, without the ledger: for tests of what stands on them."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory

from portal.accounts.choices import Line
from portal.accounts.models import User
from portal.blobs.models import Blob
from portal.blobs.services import store_stream
from portal.core.clock import now
from registry.choices import (
    ArtifactRole,
    AssessmentState,
    CardState,
    DocumentKind,
    Environment,
    FindingState,
    FindingVerb,
    Implementation,
    Level,
    ReleaseState,
    Severity,
    SnapshotState,
    Stage,
    Task,
    UseCaseState,
    VersionState,
)
from registry.models import (
    Artifact,
    CardRevision,
    Dataset,
    DatasetSnapshot,
    Datasheet,
    Document,
    FeaturePipeline,
    FeaturePipelineVersion,
    Finding,
    FindingMove,
    ModelVersion,
    PipelineStage,
    RegisteredModel,
    Release,
    TierAssessment,
    TrainingRun,
    UseCase,
)
from registry.rules.cards import CardText
from registry.selectors import questionnaire
from registry.services.stages import add_stages
from tests.factories.accounts import TeamFactory, UserFactory

SIGNATURE = {
    "inputs": [{"name": "x", "type": "tensor(float)", "shape": [None, 2]}],
    "outputs": [{"name": "y", "type": "tensor(float)", "shape": [None, 1]}],
}
COLUMNS = [
    {"name": "day", "type": "date32[day]"},
    {"name": "x", "type": "double"},
    {"name": "label", "type": "int64"},
]


def sha256_of(text: str) -> str:
    """Return a digest that depends on the text alone."""
    return hashlib.sha256(text.encode()).hexdigest()


def stored(data: bytes) -> Blob:
    """Put bytes into the store and return their row."""
    return store_stream(iter([data]))


class BlobFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A row without bytes in the store; use `stored` where they are read."""

    class Meta:
        model = Blob
        django_get_or_create = ("sha256",)

    sha256 = factory.Sequence(lambda n: sha256_of(f"blob {n}"))
    size = 1000
    created_at = factory.LazyFunction(now)


class UseCaseFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A proposed use case; in another state it was decided by somebody who had no hand in it."""

    class Meta:
        model = UseCase

    slug = factory.Sequence(lambda n: f"use-case-{n}")
    name = factory.LazyAttribute(lambda use_case: use_case.slug.replace("-", " ").capitalize())
    team = factory.SubFactory(TeamFactory)
    owner = factory.SubFactory(UserFactory)
    sponsor = factory.SubFactory(UserFactory)
    purpose = "Call those first who need it most."
    affected_persons = "Customers, who wait longer or less long."
    decision = "Whom to call first."
    proposed_by = factory.SubFactory(UserFactory)
    proposed_at = factory.LazyFunction(now)
    involved = factory.LazyAttribute(
        lambda use_case: sorted({use_case.owner.pk, use_case.sponsor.pk, use_case.proposed_by.pk})
    )

    class Params:
        approved = factory.Trait(
            state=UseCaseState.APPROVED_FOR_DEVELOPMENT,
            decided_by=factory.SubFactory(UserFactory),
            decided_at=factory.LazyFunction(now),
        )
        rejected = factory.Trait(
            state=UseCaseState.REJECTED,
            decided_by=factory.SubFactory(UserFactory),
            decided_at=factory.LazyFunction(now),
            rationale="Too little to gain.",
        )
        retired = factory.Trait(
            approved=True,
            state=UseCaseState.RETIRED,
            retired_by=factory.SubFactory(UserFactory),
            retired_at=factory.LazyFunction(now),
            reason="Nobody calls any more.",
        )


class RegisteredModelFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    class Meta:
        model = RegisteredModel

    slug = factory.Sequence(lambda n: f"model-{n}")
    name = factory.LazyAttribute(lambda model: model.slug.replace("-", " ").capitalize())
    purpose = "Decides whom to call."
    team = factory.SubFactory(TeamFactory)
    owner = factory.SubFactory(UserFactory)
    tier = 2
    task = Task.BINARY
    implementation = Implementation.ONNX
    created_at = factory.LazyFunction(now)

    @classmethod
    def _create(cls, model_class: type[RegisteredModel], *args: Any, **columns: Any) -> RegisteredModel:
        model: RegisteredModel = super()._create(model_class, *args, **columns)
        add_stages(model)
        return model


class PipelineStageFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A stage that a person owns; a model has each stage from the beginning, so its row is changed."""

    class Meta:
        model = PipelineStage

    model = factory.SubFactory(RegisteredModelFactory)
    stage = Stage.TRAINING
    owner_user = factory.SubFactory(UserFactory)
    changed_at = factory.LazyFunction(now)
    changed_by = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class: type[PipelineStage], *_: Any, **columns: Any) -> PipelineStage:
        key = {"model": columns.pop("model"), "stage": columns.pop("stage")}
        return model_class.objects.update_or_create(**key, defaults=columns)[0]


def own_all_stages(model: RegisteredModel, owner: User) -> None:
    """Let a person own every stage of the model."""
    for stage in Stage:
        PipelineStageFactory.create(model=model, stage=stage, owner_user=owner)


def answers_at(level: Level) -> dict[str, str]:
    """Return the answer of this level to each question: low comes to tier 3, medium to 2, high to 1."""
    found = questionnaire().questions.values()
    return {question.key: next(a.key for a in question.answers if a.level == level) for question in found}


class TierAssessmentFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """An assessment in force that comes to tier 2, which the model has."""

    class Meta:
        model = TierAssessment

    model = factory.SubFactory(RegisteredModelFactory)
    number = factory.LazyAttribute(lambda one: one.model.tier_assessments.count() + 1)
    state = AssessmentState.IN_FORCE
    questionnaire = factory.LazyFunction(lambda: questionnaire().slug)
    questionnaire_version = factory.LazyFunction(lambda: questionnaire().version)
    questionnaire_digest = factory.LazyFunction(lambda: questionnaire().digest)
    answers = factory.LazyFunction(lambda: answers_at(Level.MEDIUM))
    exposure = Level.MEDIUM
    purpose = Level.MEDIUM
    complexity = Level.MEDIUM
    computed_tier = 2
    tier = 2
    tier_before = factory.LazyAttribute(lambda one: one.model.tier)
    rationale = "As the interviews said."
    independent = False
    assessed_by = factory.SubFactory(UserFactory)
    assessed_at = factory.LazyFunction(now)


class DatasetFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    class Meta:
        model = Dataset

    slug = factory.Sequence(lambda n: f"dataset-{n}")
    name = factory.LazyAttribute(lambda dataset: dataset.slug.replace("-", " ").capitalize())
    team = factory.SubFactory(TeamFactory)
    created_at = factory.LazyFunction(now)


class DatasheetFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """The first datasheet of a dataset; `sensitive` names its masked columns."""

    class Meta:
        model = Datasheet

    dataset = factory.SubFactory(DatasetFactory)
    number = factory.LazyAttribute(lambda sheet: sheet.dataset.datasheets.count() + 1)
    origin = "Departures as the airport's system recorded them."
    gaps = "Cancelled flights are missing."
    sensitive = factory.LazyFunction(list)
    written_by = factory.SubFactory(UserFactory)
    written_at = factory.LazyFunction(now)


class SnapshotFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A ready snapshot of 1000 rows, whose bytes are not in the store unless `blob` is given (see `stored`)."""

    class Meta:
        model = DatasetSnapshot

    dataset = factory.SubFactory(DatasetFactory)
    number = factory.LazyAttribute(lambda snapshot: snapshot.dataset.snapshots.count() + 1)
    state = SnapshotState.READY
    blob = factory.SubFactory(BlobFactory)
    sha256 = factory.LazyAttribute(lambda snapshot: snapshot.blob.pk)
    size = factory.LazyAttribute(lambda snapshot: snapshot.blob.size)
    media_type = "application/vnd.apache.parquet"
    rows = 1000
    columns = COLUMNS
    time_column = "day"
    period_start = datetime(2026, 1, 1, tzinfo=UTC)
    period_end = datetime(2026, 3, 31, tzinfo=UTC)
    created_by = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(now)


class InspectingSnapshotFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A snapshot that waits for inspection."""

    class Meta:
        model = DatasetSnapshot

    dataset = factory.SubFactory(DatasetFactory)
    number = factory.LazyAttribute(lambda snapshot: snapshot.dataset.snapshots.count() + 1)
    blob = factory.SubFactory(BlobFactory)
    sha256 = factory.LazyAttribute(lambda snapshot: snapshot.blob.pk)
    size = factory.LazyAttribute(lambda snapshot: snapshot.blob.size)
    created_by = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(now)


class FeaturePipelineFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    class Meta:
        model = FeaturePipeline

    slug = factory.Sequence(lambda n: f"pipeline-{n}")
    name = factory.LazyAttribute(lambda pipeline: pipeline.slug.replace("-", " ").capitalize())
    team = factory.SubFactory(TeamFactory)
    created_at = factory.LazyFunction(now)


class FeaturePipelineVersionFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    class Meta:
        model = FeaturePipelineVersion

    pipeline = factory.SubFactory(FeaturePipelineFactory)
    number = factory.LazyAttribute(lambda version: version.pipeline.versions.count() + 1)
    repository = "https://git.example.org/features"
    commit = factory.Sequence(lambda n: sha256_of(f"commit {n}")[:40])
    columns = ["x"]
    digest = factory.Sequence(lambda n: sha256_of(f"pipeline version {n}"))
    created_by = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(now)


class TrainingRunFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A run on a ready snapshot of the model's own team."""

    class Meta:
        model = TrainingRun

    model = factory.SubFactory(RegisteredModelFactory)
    repository = "https://git.example.org/model"
    commit = factory.Sequence(lambda n: sha256_of(f"commit {n}")[:40])
    commit_authors = factory.Sequence(lambda n: [f"author{n}@example.org"])
    hyperparameters = {"depth": 3}
    environment_lock_sha256 = sha256_of("lock")
    seed = 7
    training_snapshot = factory.SubFactory(
        SnapshotFactory, dataset=factory.SubFactory(DatasetFactory, team=factory.SelfAttribute("...model.team"))
    )
    owner = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(now)


class VersionFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A version that is being received and has no files."""

    class Meta:
        model = ModelVersion

    model = factory.SubFactory(RegisteredModelFactory)
    number = factory.LazyAttribute(lambda version: version.model.versions.count() + 1)
    training_run = factory.SubFactory(TrainingRunFactory, model=factory.SelfAttribute("..model"))
    created_by = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(now)


class ArtifactFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A model file of a version that is being received."""

    class Meta:
        model = Artifact

    version = factory.SubFactory(VersionFactory)
    role = ArtifactRole.MODEL
    name = "model.onnx"
    blob = factory.SubFactory(BlobFactory)
    sha256 = factory.LazyAttribute(lambda artifact: artifact.blob.pk)
    size = factory.LazyAttribute(lambda artifact: artifact.blob.size)
    created_by = factory.LazyAttribute(lambda artifact: artifact.version.created_by)
    created_at = factory.LazyFunction(now)


class SealedVersionFactory(VersionFactory):
    """A sealed version with one inspected model file: give `blob` (see `stored`) and `file_name` where it is read.

    `uploader` sent the file, else who registered the version.
    """

    digest = factory.Sequence(lambda n: sha256_of(f"version {n}"))
    signature = SIGNATURE
    submitted_by = factory.SelfAttribute("created_by")
    submitted_at = factory.LazyFunction(now)
    sealed_at = factory.LazyFunction(now)
    state = VersionState.SEALED

    @classmethod
    def _create(cls, model_class: type[ModelVersion], *args: Any, **columns: Any) -> ModelVersion:
        state = columns.pop("state")
        blob = columns.pop("blob", None)
        name = columns.pop("file_name", "model.onnx")
        uploader = columns.pop("uploader", None)
        version: ModelVersion = super()._create(model_class, *args, **columns)
        kind = "skops" if name.endswith(".skops") else "onnx"
        ArtifactFactory.create(
            version=version, blob=blob or BlobFactory.create(), name=name, media_type=f"application/vnd.{kind}",
            inspection={"verdict": "accepted", "detected": kind, "details": {}, "notes": []},
            created_by=uploader or version.created_by,
        )  # fmt: skip
        version.state = VersionState.INSPECTING
        version.save(update_fields=["state"])
        version.state = state
        version.save(update_fields=["state"])
        return version


class CardRevisionFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A published revision; another one of the same model needs another state."""

    class Meta:
        model = CardRevision

    model = factory.SubFactory(RegisteredModelFactory)
    number = factory.LazyAttribute(lambda revision: revision.model.card_revisions.count() + 1)
    state = CardState.PUBLISHED
    intended_use = "Ranks calls."
    limitations = "Knows one country."
    out_of_scope_use = "Never for prices."
    digest = factory.LazyAttribute(
        lambda card: CardText(card.intended_use, card.limitations, card.out_of_scope_use).digest()
    )
    author = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(now)
    published_at = factory.LazyAttribute(lambda card: None if card.state == CardState.DRAFT else now())


class ReleaseFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A planned release of a sealed version."""

    class Meta:
        model = Release

    version = factory.SubFactory(SealedVersionFactory)
    model = factory.SelfAttribute("version.model")
    feature_pipeline_version = factory.SelfAttribute("version.feature_pipeline_version")
    environment = Environment.PRODUCTION
    state = ReleaseState.PLANNED
    fallback = "A person decides."
    planned_by = factory.SubFactory(UserFactory)
    planned_at = factory.LazyFunction(now)


class DeclaredReleaseFactory(ReleaseFactory):
    """What was in use before the portal, without a version here; it has half a year left."""

    version = None
    model = factory.SubFactory(RegisteredModelFactory)
    feature_pipeline_version = None
    state = ReleaseState.DECLARED
    fallback = ""
    description = "Version 4.2 on the old server."
    in_use_since = date(2021, 3, 1)
    deadline = factory.LazyFunction(lambda: now().date() + timedelta(days=180))


class ActiveReleaseFactory(ReleaseFactory):
    """The release that takes live decisions; a model has one in each environment."""

    state = ReleaseState.ACTIVE
    activated_at = factory.LazyFunction(now)


class FindingFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """An open finding of the second line about a whole model; `remediator` began to remediate it, or handed it in."""

    class Meta:
        model = Finding

    class Params:
        remediator = None

    model = factory.SubFactory(RegisteredModelFactory)
    number = factory.LazyAttribute(lambda finding: finding.model.findings.count() + 1)
    stage = Stage.TRAINING
    severity = Severity.MEDIUM
    title = "Probabilities are too high"
    description = "Calibration fails on the held-out months."
    state = FindingState.OPEN
    line = Line.SECOND
    raised_by = factory.SubFactory(UserFactory)
    raised_at = factory.LazyFunction(now)
    holder = factory.LazyAttribute(lambda finding: finding.remediator)
    held_since = factory.LazyAttribute(lambda finding: now() if finding.holder else None)

    @classmethod
    def _create(cls, model_class: type[Finding], *args: Any, **columns: Any) -> Finding:
        finding: Finding = super()._create(model_class, *args, **columns)
        own = {"finding": finding, "at": now(), "severity": finding.severity, "holder": finding.holder}
        FindingMove.objects.create(verb=FindingVerb.RAISE, by=finding.raised_by, state=FindingState.OPEN, **own)
        if finding.state in (FindingState.IN_REMEDIATION, FindingState.READY_TO_VERIFY) and finding.holder:
            FindingMove.objects.create(verb=FindingVerb.START, by=finding.holder, state=finding.state, **own)
        return finding


class DocumentFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A valid document whose bytes are not in the store; `awaited`: its file has not been sent."""

    class Meta:
        model = Document

    class Params:
        awaited = factory.Trait(blob=None, media_type="", received_at=None)
        withdrawn = factory.Trait(
            withdrawn_by=factory.SubFactory(UserFactory), withdrawn_at=factory.LazyFunction(now), withdrawal="Wrong."
        )

    model = factory.SubFactory(RegisteredModelFactory)
    number = factory.LazyAttribute(lambda document: document.model.documents.count() + 1)
    kind = DocumentKind.VENDOR_REPORT
    title = "Model documentation"
    blob = factory.SubFactory(BlobFactory)
    sha256 = factory.LazyAttributeSequence(
        lambda document, n: document.blob.sha256 if document.blob else sha256_of(f"document {n}")
    )
    media_type = "application/pdf"
    received_at = factory.LazyFunction(now)
    valid_from = date(2026, 1, 1)
    added_by = factory.SubFactory(UserFactory)
    added_at = factory.LazyFunction(now)
