"""Approval requests, seats and decisions."""

from typing import Any, Self

from django.db import models
from django.urls import reverse

from governance.choices import Meaning, RequestState, Verdict
from governance.models.gates import GateEvaluation
from governance.models.policies import PolicyVersion
from portal.accounts.models import User
from portal.core.canonical import digest_of
from portal.core.fulltext import beginning_index, words_index
from portal.core.querysets import ScopedQuerySet
from registry.models import Release


class ApprovalRequestQuerySet(ScopedQuerySet["ApprovalRequest"]):
    """Requests, by their model's team."""

    team_path = "release__model__team_id"

    def with_parts(self) -> Self:
        """Join what a request's line names."""
        return self.select_related(
            "release__model__team",
            "release__version__model",
            "policy_version__policy",
            "evaluation__run",
            "evaluation__policy_version__policy",
            "opened_by",
        )

    def with_origin(self) -> Self:
        """Join also what the release was made from, for the page on which it is decided."""
        return self.with_parts().select_related(
            "release__version__training_run__training_snapshot__dataset",
            "release__feature_pipeline_version__pipeline",
            "evaluation__run__plan__held_out__dataset",
        )


class ApprovalRequest(models.Model):
    """A request to let a release take live decisions, bound to the digest of everything it covers."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="approval_request")
    state = models.CharField(max_length=20, choices=RequestState.choices, default=RequestState.OPEN)
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    evaluation = models.ForeignKey(GateEvaluation, on_delete=models.PROTECT, related_name="requests")
    bundle = models.JSONField(help_text="{part: digest} of invariant 3.")
    bundle_digest = models.CharField(max_length=64)
    summary = models.TextField(blank=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    void_cause = models.JSONField(null=True, help_text="{event, parts: [{part, before, after}]}")

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            words_index("summary", name="request_words"),
            beginning_index("bundle_digest", name="request_digest"),
        ]

    def __str__(self) -> str:
        return f"request #{self.pk}"

    def get_absolute_url(self) -> str:
        """Return the review page."""
        return reverse("review", args=[self.pk])

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "request": self.pk,
            "model": self.release.model_id,
            "release": self.release_id,
            "state": self.state,
            "policy_version": self.policy_version_id,
            "evaluation": self.evaluation_id,
            "bundle": self.bundle,
            "bundle_digest": self.bundle_digest,
            "opened_by": f"user:{self.opened_by_id}",
            "opened_at": self.opened_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "closed_at": self.closed_at.isoformat() if self.closed_at else None,
            "void_cause": self.void_cause,
        }


class Seat(models.Model):
    """A line to sign on: which capability fills it, and what the signature means."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="seats")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=80)
    role = models.CharField(max_length=40, help_text="The capability that fills it, such as sign.")
    meaning = models.CharField(max_length=20, choices=Meaning.choices)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["request", "position"], name="seat_position_once")]

    def __str__(self) -> str:
        return self.title


class Decision(models.Model):
    """What one person signed; insert only."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="decisions")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="decisions")
    signer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=200, help_text="As printed in the statement.")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    meaning = models.CharField(max_length=20, choices=Meaning.choices)
    rationale = models.TextField()
    bundle_digest = models.CharField(max_length=64)
    envelope = models.JSONField(help_text="DSSE over an in-toto Statement.")
    key_id = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["seat"], name="seat_signed_once"),
            models.UniqueConstraint(fields=["request", "signer"], name="one_person_one_seat"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.signer_name}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; the rationale and the printed name are private."""
        return {
            "decision": self.pk,
            "model": self.request.release.model_id,
            "request": self.request_id,
            "seat": self.seat.position,
            "signer": f"user:{self.signer_id}",
            "verdict": self.verdict,
            "meaning": self.meaning,
            "bundle_digest": self.bundle_digest,
            "envelope_digest": digest_of(self.envelope),
            "key_id": self.key_id,
            "signed_at": self.signed_at.isoformat(),
        }
