"""Evidence packs."""

from typing import Any

from django.db import models

from portal.accounts.models import User
from portal.blobs.models import Blob
from portal.core.querysets import ScopedQuerySet
from portal.reports.choices import PackState
from registry.models import Release


class EvidencePackQuerySet(ScopedQuerySet["EvidencePack"]):
    """Packs, by their release's team."""

    team_path = "release__model__team_id"


class EvidencePack(models.Model):
    """One export of a release's evidence: a snapshot in canonical JSON and the PDF that shows it."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="evidence_packs")
    state = models.CharField(max_length=12, choices=PackState.choices, default=PackState.QUEUED)
    cause = models.TextField(blank=True, help_text="Why it could not be made, in words.")
    job_id = models.BigIntegerField(null=True)
    template = models.CharField(max_length=20)
    content_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the snapshot's bytes.")
    checkpoint_size = models.PositiveBigIntegerField(null=True)
    snapshot = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    pdf = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = EvidencePackQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="done") | models.Q(snapshot__isnull=False, pdf__isnull=False),
                name="done_pack_has_files",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name that stands on every page."""
        return f"CS-{self.requested_at:%Y}-{self.pk:04d}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "pack": self.pk,
            "release": self.release_id,
            "state": self.state,
            "template": self.template,
            "content_digest": self.content_digest,
            "pdf_sha256": self.pdf.sha256 if self.pdf else "",
            "checkpoint_size": self.checkpoint_size,
            "requested_by": f"user:{self.requested_by_id}",
        }
