"""Gate evaluations: what was read, what it came to; insert only."""

from typing import Any

from django.db import models

from governance.choices import Outcome
from governance.models.policies import PolicyCheck, PolicyVersion
from monitoring.models import ValidationRun
from portal.core.querysets import ScopedQuerySet
from registry.choices import Environment
from registry.models import ModelVersion


class GateEvaluationQuerySet(ScopedQuerySet["GateEvaluation"]):
    """Evaluations, by their model's team."""

    team_path = "version__model__team_id"


class GateEvaluation(models.Model):
    """One evaluation of a policy version over stored inputs, so that anyone can recompute it."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="gate_evaluations")
    environment = models.CharField(max_length=12, choices=Environment.choices)
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="evaluations")
    run = models.ForeignKey(ValidationRun, on_delete=models.PROTECT, null=True, related_name="+")
    inputs = models.JSONField(help_text="Every variable of the environment with the value read.")
    inputs_digest = models.CharField(max_length=64)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    digest = models.CharField(max_length=64, help_text="Over policy, inputs and results.")
    evaluated_at = models.DateTimeField()

    objects = GateEvaluationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"gate evaluation {self.pk}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "evaluation": self.pk,
            "model": self.version.model_id,
            "version": self.version_id,
            "environment": self.environment,
            "policy_version": self.policy_version_id,
            "run": self.run_id,
            "inputs_digest": self.inputs_digest,
            "outcome": self.outcome,
            "digest": self.digest,
        }


class CheckResult(models.Model):
    """What one check came to in one evaluation."""

    evaluation = models.ForeignKey(GateEvaluation, on_delete=models.PROTECT, related_name="results")
    check_row = models.ForeignKey(PolicyCheck, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    read = models.JSONField(help_text="{variable: value} that the expression names.")
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["check_row__position"]
        constraints = [models.UniqueConstraint(fields=["evaluation", "check_row"], name="check_result_once")]

    def __str__(self) -> str:
        return f"{self.check_row_id}: {self.outcome}"
