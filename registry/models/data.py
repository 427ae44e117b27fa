"""Datasets and their snapshots."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.urls import reverse

from portal.accounts.models import Team, User
from portal.blobs.models import Blob
from portal.core.fulltext import NamesWithin, beginning_index, parts_index, words_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import SnapshotState


class DatasetQuerySet(ScopedQuerySet["Dataset"]):
    """Datasets, by team."""


class Dataset(models.Model):
    """A named source of rows, owned by a team."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        indexes = [
            words_index("slug", "name", "description", name="dataset_words"),
            parts_index("slug", "name", name="dataset_parts"),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        """Return the dataset's page."""
        return reverse("dataset", args=[self.slug])

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {"dataset": self.pk, "slug": self.slug, "team": self.team_id}


class SnapshotQuerySet(ScopedQuerySet["DatasetSnapshot"]):
    """Snapshots, by their dataset's team."""

    team_path = "dataset__team_id"


class DatasetSnapshot(models.Model):
    """The exact rows of a dataset at one time: bytes with a digest."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="snapshots")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=SnapshotState.choices, default=SnapshotState.INSPECTING)
    reason = models.TextField(blank=True, help_text="Why it was refused, in words.")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(null=True, help_text="Bytes; null where nobody told, of one by reference.")
    media_type = models.CharField(max_length=100, blank=True)
    rows = models.PositiveBigIntegerField(null=True)
    columns = models.JSONField(default=list, help_text="[{name, type}] in file order.")
    location = models.TextField(blank=True, default="", help_text="Where it lies, of one by reference, in words.")
    time_column = models.CharField(max_length=200, blank=True)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)
    erased_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    erasure_reason = models.TextField(blank=True, default="")

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="snapshot_number_once"),
            # Bytes that were refused (a wrong time column) or whose inspection failed may be sent again.
            models.UniqueConstraint(
                fields=["dataset", "sha256"],
                condition=models.Q(state__in=["inspecting", "ready"]),
                name="snapshot_same_bytes_once",
            ),
            models.UniqueConstraint(
                fields=["dataset", "sha256"],
                condition=models.Q(state="referenced"),
                name="snapshot_referenced_once",
            ),
            models.CheckConstraint(
                condition=models.Q(erased_at=None, erased_by=None, erasure_reason="")
                | models.Q(erased_at__isnull=False, erased_by__isnull=False, blob=None) & ~models.Q(erasure_reason=""),
                name="snapshot_erased_by_somebody",
            ),
        ]
        indexes = [
            GinIndex(NamesWithin("columns"), name="snapshot_columns"),
            beginning_index("sha256", name="snapshot_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.slug} {self.number}"

    def get_absolute_url(self) -> str:
        """Return the snapshot's page."""
        return reverse("snapshot", args=[self.dataset.slug, self.number])

    @property
    def standing(self) -> str:
        """Its state, or that its rows were erased."""
        return "erased" if self.erased_at else self.state

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; of an erasure only where there was one."""
        erased: dict[str, Any] = {}
        if self.erased_at:
            erased = {"erased_at": self.erased_at.isoformat(), "erased_by": f"user:{self.erased_by_id}"}
        return {
            **erased,
            "snapshot": self.pk,
            "dataset": self.dataset_id,
            "number": self.number,
            "state": self.state,
            "sha256": self.sha256,
            "size": self.size,
            "rows": self.rows,
            "period_start": self.period_start.isoformat() if self.period_start else None,
            "period_end": self.period_end.isoformat() if self.period_end else None,
        }
