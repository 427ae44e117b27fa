"""Feature pipelines: what turns raw rows into what the model reads."""

from typing import Any

from django.db import models

from portal.accounts.models import Team, User
from portal.core.fulltext import beginning_index
from portal.core.querysets import ScopedQuerySet


class FeaturePipelineQuerySet(ScopedQuerySet["FeaturePipeline"]):
    """Pipelines, by team."""


class FeaturePipeline(models.Model):
    """A named feature pipeline of a team."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = FeaturePipelineQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {"feature_pipeline": self.pk, "slug": self.slug, "team": self.team_id}


class FeaturePipelineVersionQuerySet(ScopedQuerySet["FeaturePipelineVersion"]):
    """Pipeline versions, by their pipeline's team."""

    team_path = "pipeline__team_id"


class FeaturePipelineVersion(models.Model):
    """One immutable version of a pipeline, named by repository and commit."""

    pipeline = models.ForeignKey(FeaturePipeline, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    repository = models.CharField(max_length=400)
    commit = models.CharField(max_length=64)
    columns = models.JSONField(default=list, help_text="Names of the columns it makes.")
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = FeaturePipelineVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["pipeline", "number"], name="pipeline_number_once")]
        indexes = [beginning_index("commit", name="pipeline_commit")]

    def __str__(self) -> str:
        return f"{self.pipeline.slug} v{self.number}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "feature_pipeline_version": self.pk,
            "feature_pipeline": self.pipeline_id,
            "number": self.number,
            "repository": self.repository,
            "commit": self.commit,
            "digest": self.digest,
            "author": f"user:{self.created_by_id}",
        }
