"""Profiles of snapshots: what each column holds."""

from typing import Any

from django.db import models
from django.db.models import Q

from monitoring.choices import ColumnKind, ProfileState
from portal.core.querysets import ScopedQuerySet
from registry.models import DatasetSnapshot


class SnapshotProfileQuerySet(ScopedQuerySet["SnapshotProfile"]):
    """Profiles, by their dataset's team."""

    team_path = "snapshot__dataset__team_id"


class SnapshotProfile(models.Model):
    """One profile of a snapshot's rows; frozen once it has ended. A snapshot has one that waits, works or is done."""

    snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="profiles")
    state = models.CharField(max_length=12, choices=ProfileState.choices, default=ProfileState.QUEUED)
    reason = models.TextField(blank=True, help_text="Why there is none, in words.")
    job_id = models.BigIntegerField(null=True)
    requested_by = models.CharField(max_length=40, help_text="Actor id.")
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 over the canonical JSON of all columns.")

    objects = SnapshotProfileQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot"],
                condition=Q(state__in=["queued", "running", "done"]),
                name="one_profile_that_counts",
            ),
            models.CheckConstraint(condition=Q(state__in=ProfileState.values), name="profile_state_is_known"),
            models.CheckConstraint(
                condition=Q(state="done", reason="") & ~Q(digest="") | ~Q(state="done") & Q(digest=""),
                name="profile_has_a_digest_once_done",
            ),
        ]

    def __str__(self) -> str:
        return f"profile of {self.snapshot}"

    def get_absolute_url(self) -> str:
        """Return the snapshot's page, which shows it."""
        return f"{self.snapshot.get_absolute_url()}#columns"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "profile": self.pk,
            "dataset": self.snapshot.dataset_id,
            "snapshot": self.snapshot_id,
            "number": self.snapshot.number,
            "state": self.state,
            "requested_by": self.requested_by,
            "digest": self.digest,
        }


class ColumnProfile(models.Model):
    """What one column holds; insert only. Whether its values may be shown, `rules.profiles` says."""

    profile = models.ForeignKey(SnapshotProfile, on_delete=models.PROTECT, related_name="columns")
    position = models.PositiveIntegerField(help_text="In the order of the file, from 1.")
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=ColumnKind.choices)
    summary = models.JSONField(help_text="stats.profiles.Profile.summary")
    cells = models.JSONField(help_text="stats.profiles.Profile.cells")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["profile", "position"], name="column_profile_once"),
            models.CheckConstraint(condition=Q(kind__in=ColumnKind.values), name="column_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.name
