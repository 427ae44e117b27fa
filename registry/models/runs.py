"""Training runs: where a version comes from."""

from typing import Any

from django.db import models

from portal.accounts.choices import UserKind
from portal.accounts.models import User
from portal.core.fulltext import beginning_index
from portal.core.querysets import ScopedQuerySet
from registry.models.data import DatasetSnapshot
from registry.models.lineage_runs import LineageRun
from registry.models.models import RegisteredModel
from registry.rules.commit_signing import OTHER_KIND, UNSIGNED
from registry.rules.signer_keys import UNKNOWN_KEY, VERIFIED
from registry.rules.versions import author_addresses

COMMITS = {
    VERIFIED: "signed with the key of {signer}",
    UNKNOWN_KEY: "signed with a key that nobody registered for the team, which says nothing of who signed",
    OTHER_KIND: "signed, but not with an SSH key that is read here: not verified",
    UNSIGNED: "not signed; its authors were read from the commit",
}
"""By what a commit's signature came to."""
JOB = "verified by a CI identity: {issuer} says that the job {subject} ran at it"


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
    commit_signature = models.JSONField(
        default=dict,
        help_text="What the signature of the commit came to, where the commit itself was sent: who made it.",
    )
    ci_identity = models.JSONField(
        default=dict, help_text="Which CI job said that it ran at the commit, where its identity token was sent."
    )
    hardware = models.CharField(max_length=200, blank=True, default="", help_text="What it ran on, in words.")
    # Their indexes are built beside a portal in use, hence under names of their own.
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="continued_by",
        help_text="The run whose model it went on from.",
    )
    lineage_run = models.ForeignKey(
        LineageRun,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="training_runs",
        help_text="The run that OpenLineage events tell of.",
    )
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            beginning_index("commit", name="training_commit"),
            models.Index(fields=["parent"], name="training_parent"),
            models.Index(fields=["lineage_run"], name="training_lineage_run"),
        ]

    def __str__(self) -> str:
        return f"training run {self.pk}"

    @property
    def author_addresses(self) -> set[str]:
        """The addresses of the commit's authors as accounts have them, each once."""
        return author_addresses(self.commit_authors)

    @property
    def commit_words(self) -> str:
        """Return what the portal knows of the commit beyond what was declared."""
        told = COMMITS.get(self.commit_signature.get("result", ""))
        known = [told.format(signer=self.commit_signature["signer"])] if told is not None else []
        if self.ci_identity:
            known.append(JOB.format(**self.ci_identity) + self._workflow_words)
        if known:
            return "; ".join(known)
        if self.owner.kind == UserKind.SERVICE:
            return f"told by the service account {self.owner.name}; the commit was not sent, nothing is verified"
        return "declared by a person; the commit was not sent, nothing is verified"

    @property
    def commit_verified(self) -> bool:
        """Whether a key that the team trusts signed the commit, or a CI job that it trusts ran at it."""
        return self.commit_signature.get("result") == VERIFIED or bool(self.ci_identity)

    @property
    def _workflow_words(self) -> str:
        return f", workflow {self.ci_identity['workflow']}" if self.ci_identity["workflow"] else ""

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; addresses of authors stay private, and what is not there untold."""
        more = {"hardware": self.hardware, "parent": self.parent_id, "lineage_run": self.lineage_run_id}
        more |= {"commit_signature": self.commit_signature, "ci_identity": self.ci_identity}
        state = {
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
        return state | {name: value for name, value in more.items() if value}
