"""Validation plans: what will be measured, on which rows, against which limits, fixed before any run."""

from typing import Any

from django.db import models

from portal.accounts.models import User
from portal.core.querysets import ScopedQuerySet
from registry.models import DatasetSnapshot, RegisteredModel


class ValidationPlanQuerySet(ScopedQuerySet["ValidationPlan"]):
    """Plans, by their model's team."""

    team_path = "model__team_id"


class ValidationPlan(models.Model):
    """A fixed plan of a model; a changed plan is a new one with the next number."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="validation_plans")
    number = models.PositiveIntegerField()
    held_out = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="+")
    specification = models.JSONField(help_text="rules.plans.PlanSpecification as JSON.")
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    fixed_at = models.DateTimeField()

    objects = ValidationPlanQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["model", "number"], name="plan_number_once")]

    def __str__(self) -> str:
        return f"plan {self.number} of {self.model.slug}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "plan": self.pk,
            "model": self.model_id,
            "number": self.number,
            "held_out": self.held_out_id,
            "specification": self.specification,
            "digest": self.digest,
            "created_by": f"user:{self.created_by_id}",
        }
