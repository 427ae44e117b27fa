"""Releases: a version with its feature pipeline, in an environment."""

from typing import Any, Self

from django.db import models
from django.urls import reverse

from portal.accounts.models import User
from portal.core.fulltext import words_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import Environment, ReleaseState
from registry.models.models import RegisteredModel
from registry.models.pipelines import FeaturePipelineVersion
from registry.models.versions import ModelVersion


class ReleaseQuerySet(ScopedQuerySet["Release"]):
    """Releases, by their model's team."""

    team_path = "model__team_id"

    def active_in(self, environment: str) -> Self:
        """Keep what takes live decisions in an environment."""
        return self.filter(environment=environment, state=ReleaseState.ACTIVE)


class Release(models.Model):
    """A version and its feature pipeline version, in one environment, with what serves if it stops."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="releases")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="releases")
    feature_pipeline_version = models.ForeignKey(
        FeaturePipelineVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    environment = models.CharField(max_length=12, choices=Environment.choices)
    state = models.CharField(max_length=12, choices=ReleaseState.choices, default=ReleaseState.PLANNED)
    fallback = models.TextField(help_text="What decides while no version serves.")
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "environment"], condition=models.Q(state="active"), name="one_active_release"
            ),
        ]
        indexes = [words_index("fallback", name="release_words")]

    def __str__(self) -> str:
        return f"{self.version} in {self.environment}"

    def get_absolute_url(self) -> str:
        """Return the release's page."""
        return reverse("release", args=[self.pk])

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "release": self.pk,
            "model": self.model_id,
            "version": self.version_id,
            "feature_pipeline_version": self.feature_pipeline_version_id,
            "environment": self.environment,
            "state": self.state,
            "planned_by": f"user:{self.planned_by_id}",
            "activated_at": self.activated_at.isoformat() if self.activated_at else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
        }
