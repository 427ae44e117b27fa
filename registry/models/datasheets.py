"""Datasheets: what a dataset is, in the words of who made it."""

from typing import Any

from django.db import models
from django.urls import reverse

from portal.accounts.models import User
from portal.core.canonical import digest_of
from portal.core.querysets import ScopedQuerySet
from registry.models.data import Dataset
from registry.rules.datasheets import TOPICS


class DatasheetQuerySet(ScopedQuerySet["Datasheet"]):
    """Datasheets, by their dataset's team."""

    team_path = "dataset__team_id"


class Datasheet(models.Model):
    """What a dataset is, at one time; never changed: a newer one takes its place."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="datasheets")
    number = models.PositiveIntegerField()
    origin = models.TextField(blank=True)
    collection = models.TextField(blank=True)
    preparation = models.TextField(blank=True)
    assumptions = models.TextField(blank=True)
    gaps = models.TextField(blank=True)
    licence = models.TextField(blank=True)
    retention = models.TextField(blank=True)
    sensitive = models.JSONField(default=list, help_text="Names of the columns that are masked without the grant.")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    objects = DatasheetQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="datasheet_number_once")]

    def __str__(self) -> str:
        return f"datasheet {self.number} of {self.dataset.slug}"

    def get_absolute_url(self) -> str:
        """Return the page of the dataset's datasheet, at this one."""
        return f"{reverse('datasheet', args=[self.dataset.slug])}?number={self.number}"

    @property
    def says(self) -> dict[str, str]:
        """What it says, by topic."""
        return {topic: getattr(self, topic) for topic in TOPICS}

    @property
    def digest(self) -> str:
        """The SHA-256 over the canonical JSON of everything that it says."""
        return digest_of({**self.says, "sensitive": self.sensitive})

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; the texts and names are private, their digest is not."""
        return {
            "datasheet": self.pk,
            "dataset": self.dataset_id,
            "number": self.number,
            "digest": self.digest,
            "sensitive_columns": len(self.sensitive),
            "written_by": f"user:{self.written_by_id}",
            "written_at": self.written_at.isoformat(),
        }
