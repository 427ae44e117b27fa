"""Releases: a version with its feature pipeline, in an environment."""

from datetime import date
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

IN_USE = (ReleaseState.ACTIVE, ReleaseState.DECLARED)


class ReleaseQuerySet(ScopedQuerySet["Release"]):
    """Releases, by their model's team."""

    team_path = "model__team_id"

    def active_in(self, environment: str) -> Self:
        """Keep what takes live decisions in an environment."""
        return self.filter(environment=environment, state=ReleaseState.ACTIVE)

    def in_use_in(self, environment: str) -> Self:
        """Keep what decides in an environment: approved, or declared as in use before the portal."""
        return self.filter(environment=environment, state__in=IN_USE)

    def declared(self) -> Self:
        """Keep what was in use before the portal and has not been through the gates."""
        return self.filter(state=ReleaseState.DECLARED)

    def overdue(self, today: date) -> Self:
        """Keep what is declared and should have been through the gates before this day."""
        return self.declared().filter(deadline__lt=today)


class Release(models.Model):
    """A version and its feature pipeline version, in one environment, with what serves if it stops.

    What was in use before the portal is declared instead: since when, by when it goes through the gates, and in words
    what it is, because it may have no version here.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="releases")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="releases")
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
    description = models.TextField(default="", blank=True, help_text="What is in use, where that was declared.")
    in_use_since = models.DateField(null=True, help_text="Where that was declared.")
    deadline = models.DateField(null=True, help_text="The last day on which it may be declared and not approved.")
    reason = models.TextField(default="", blank=True, help_text="Why what was declared is not in use any more.")

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "environment"],
                condition=models.Q(state__in=["active", "declared"]),
                name="one_release_in_use",
            ),
            models.CheckConstraint(
                condition=models.Q(in_use_since=None, deadline=None, description="", reason="", version__isnull=False)
                & ~models.Q(state="declared")
                | models.Q(in_use_since__isnull=False, deadline__isnull=False, activated_at=None)
                & (models.Q(version__isnull=False) | ~models.Q(description="")),
                name="release_declared_says_what",
            ),
            models.CheckConstraint(
                condition=models.Q(reason="") | models.Q(state="retired"), name="release_ended_with_its_reason"
            ),
        ]
        indexes = [words_index("fallback", "description", "reason", name="release_texts")]

    def __str__(self) -> str:
        return f"{self.version or self.model} in {self.environment}"

    def get_absolute_url(self) -> str:
        """Return the release's page."""
        return reverse("release", args=[self.pk])

    @property
    def released(self) -> ModelVersion:
        """Return the version that runs; raises LookupError for what was declared without one, and is never asked for.

        Requests, runs and packs are about releases that have one: the database sees to it.
        """
        if self.version is None:
            raise LookupError(f"release {self.pk} was declared without a version")
        return self.version

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; of a declaration only where there is one."""
        state = {
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
        said = {"in_use_since": self.in_use_since, "deadline": self.deadline}
        return state | {name: day.isoformat() for name, day in said.items() if day is not None}
