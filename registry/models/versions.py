"""Model versions and their files."""

from typing import Any, Self

from django.db import models
from django.urls import reverse

from portal.accounts.models import User
from portal.blobs.models import Blob
from portal.core.fulltext import beginning_index, words_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import ArtifactRole, VersionState
from registry.models.models import RegisteredModel
from registry.models.pipelines import FeaturePipelineVersion
from registry.models.runs import TrainingRun
from registry.rules.kinds import MEDIA_TYPES, STORED_MEDIA_TYPES


class ModelVersionQuerySet(ScopedQuerySet["ModelVersion"]):
    """Versions, by their model's team."""

    team_path = "model__team_id"

    def with_parts(self) -> Self:
        """Join what a version is made of."""
        return self.select_related(
            "model__team",
            "feature_pipeline_version__pipeline",
            "training_run__training_snapshot__dataset",
            "training_run__owner",
            "training_run__lineage_run",
        ).prefetch_related("artifacts")


class ModelVersion(models.Model):
    """A version of a model; once sealed, the same bytes for ever."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=VersionState.choices, default=VersionState.RECEIVING)
    reason = models.TextField(blank=True, help_text="Why it was quarantined or failed, in words.")
    description = models.TextField(blank=True)
    training_run = models.OneToOneField(TrainingRun, on_delete=models.PROTECT, related_name="version")
    feature_pipeline_version = models.ForeignKey(
        FeaturePipelineVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Null: inside the artifact.",
    )
    claims = models.JSONField(default=list, help_text="[{metric, value, n, snapshot_sha256}] as the submitter says.")
    signature = models.JSONField(default=dict, help_text="{inputs, outputs} as inspection read them.")
    digest = models.CharField(max_length=64, blank=True, help_text="Over everything it consists of, once sealed.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    sealed_at = models.DateTimeField(null=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="version_number_once"),
            models.CheckConstraint(
                condition=~models.Q(state="sealed") | ~models.Q(digest=""), name="sealed_version_has_digest"
            ),
        ]
        indexes = [
            words_index("description", "reason", name="version_words"),
            beginning_index("digest", name="version_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.model.slug} v{self.number}"

    def get_absolute_url(self) -> str:
        """Return the version's page."""
        return reverse("version", args=[self.model.slug, self.number])

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "version": self.pk,
            "model": self.model_id,
            "number": self.number,
            "state": self.state,
            "digest": self.digest,
            "training_run": self.training_run_id,
            "feature_pipeline_version": self.feature_pipeline_version_id,
            "claims": self.claims,
            "created_by": f"user:{self.created_by_id}",
            "submitted_by": f"user:{self.submitted_by_id}" if self.submitted_by_id else None,
        }


class ArtifactQuerySet(ScopedQuerySet["Artifact"]):
    """Artifacts, by their model's team."""

    team_path = "version__model__team_id"


class Artifact(models.Model):
    """One file of a version."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="artifacts")
    role = models.CharField(max_length=12, choices=ArtifactRole.choices)
    name = models.CharField(max_length=200)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    media_type = models.CharField(max_length=100, blank=True, help_text="As inspection found it.")
    inspection = models.JSONField(default=dict, help_text="What inspection read.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who sent the bytes.")
    created_at = models.DateTimeField()

    objects = ArtifactQuerySet.as_manager()

    class Meta:
        ordering = ["role", "name"]
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="artifact_name_once"),
            models.UniqueConstraint(
                fields=["version"], condition=models.Q(role="model"), name="version_has_one_model_file"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_never_opened(self) -> bool:
        """Whether the file is a model that is kept and neither read nor scored here."""
        return self.media_type in STORED_MEDIA_TYPES

    @property
    def pickle_listing(self) -> dict[str, Any] | None:
        """What the opcodes of a pickle say ({container, count, pickles}); None for what is none."""
        is_pickle = self.media_type == MEDIA_TYPES["pickle"]
        return self.inspection.get("details") if is_pickle else None

    @property
    def verification(self) -> dict[str, Any] | None:
        """What a supplied signature came to ({result, reason, key_id, signer, …}); None for other files."""
        return self.inspection.get("details") or None if self.role == ArtifactRole.SIGNATURE else None

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "artifact": self.pk,
            "version": self.version_id,
            "role": self.role,
            "name": self.name,
            "sha256": self.sha256,
            "size": self.size,
            "created_by": f"user:{self.created_by_id}",
        }
