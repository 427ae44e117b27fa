"""Teams own things."""

from typing import Any

from django.db import models

from portal.accounts.choices import Line
from portal.core.querysets import ScopedQuerySet


class TeamQuerySet(ScopedQuerySet["Team"]):
    """Teams; one sees those in which one may read."""

    team_path = "pk"


class Team(models.Model):
    """A group of people that owns things, in one line of defence."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=150)
    line = models.CharField(max_length=10, choices=Line.choices)
    created_at = models.DateTimeField()

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; the name is private."""
        return {"team": self.pk, "slug": self.slug, "line": self.line}
