"""Validation runs and what they measured."""

from typing import Any, Self

from django.db import models
from django.urls import reverse

from monitoring.choices import CheckOutcome, Measured, RunState
from monitoring.models.plans import ValidationPlan
from portal.core.querysets import ScopedQuerySet
from registry.models import ModelVersion


class ValidationRunQuerySet(ScopedQuerySet["ValidationRun"]):
    """Runs, by their model's team."""

    team_path = "version__model__team_id"

    def with_names(self) -> Self:
        """Join what a run's page names."""
        return self.select_related("version__model", "champion", "plan__held_out__dataset")


class ValidationRun(models.Model):
    """One run of a plan on a sealed version; its results never change once it has finished."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="validation_runs")
    champion = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="+")
    plan = models.ForeignKey(ValidationPlan, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    cause = models.TextField(blank=True, help_text="Why it did not pass, in words.")
    job_id = models.BigIntegerField(null=True)
    requested_by = models.CharField(max_length=40, help_text="Actor id.")
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    results = models.JSONField(null=True, help_text="stats.validation.ValidationFigures as JSON.")
    results_digest = models.CharField(max_length=64, blank=True)

    objects = ValidationRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=models.Q(state__in=["queued", "running"]), name="one_open_run"
            ),
        ]

    def __str__(self) -> str:
        return f"validation run {self.pk}"

    def get_absolute_url(self) -> str:
        """Return the run's page."""
        return reverse("validation_run", args=[self.pk])

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "run": self.pk,
            "model": self.plan.model_id,
            "version": self.version_id,
            "champion": self.champion_id,
            "plan": self.plan_id,
            "state": self.state,
            "requested_by": self.requested_by,
            "results_digest": self.results_digest,
        }


class Measurement(models.Model):
    """One number of a run with its interval and its n; insert only."""

    run = models.ForeignKey(ValidationRun, on_delete=models.PROTECT, related_name="measurements")
    measured = models.CharField(max_length=12, choices=Measured.choices)
    name = models.CharField(max_length=60)
    slice_column = models.CharField(max_length=200, blank=True)
    slice_level = models.CharField(max_length=200, blank=True)
    value = models.FloatField(null=True)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    n = models.PositiveBigIntegerField()
    unit = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was not assessed.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "measured", "name", "slice_column", "slice_level"], name="measurement_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.measured}"


class ValidationCheck(models.Model):
    """One check of a run: what was read, what the limit was; insert only."""

    run = models.ForeignKey(ValidationRun, on_delete=models.PROTECT, related_name="checks")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    outcome = models.CharField(max_length=12, choices=CheckOutcome.choices)
    read = models.CharField(max_length=300, blank=True)
    limit = models.CharField(max_length=300, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="validation_check_once")]

    def __str__(self) -> str:
        return self.title
