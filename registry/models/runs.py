"""Training runs: where a version comes from."""

from typing import Any

from django.db import models

from portal.accounts.models import User
from portal.core.fulltext import beginning_index
from portal.core.querysets import ScopedQuerySet
from registry.models.data import DatasetSnapshot
from registry.models.models import RegisteredModel


class TrainingRunQuerySet(ScopedQuerySet["TrainingRun"]):
    """Runs, by their model's team."""

    team_path = "model__team_id"


class TrainingRun(models.Model):
    """How a version was trained, as its submitter declares it."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="training_runs")
    repository = models.CharField(max_length=400)
    commit = models.CharField(max_length=64)
    commit_authors = models.JSONField(default=list, help_text="E-mail addresses of the commit's authors.")
    hyperparameters = models.JSONField(default=dict)
    environment_lock_sha256 = models.CharField(max_length=64)
    seed = models.BigIntegerField(null=True)
    training_snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [beginning_index("commit", name="training_commit")]

    def __str__(self) -> str:
        return f"training run {self.pk}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; addresses of authors stay private."""
        return {
            "training_run": self.pk,
            "model": self.model_id,
            "repository": self.repository,
            "commit": self.commit,
            "hyperparameters": self.hyperparameters,
            "environment_lock_sha256": self.environment_lock_sha256,
            "seed": self.seed,
            "training_snapshot": self.training_snapshot_id,
            "owner": f"user:{self.owner_id}",
        }
