"""Teams own things."""

from typing import Any

from django.db import models

from portal.accounts.choices import Line
from portal.core.clock import now
from portal.core.querysets import ScopedQuerySet


class TeamQuerySet(ScopedQuerySet["Team"]):
    """Teams; one sees those in which one may read."""

    team_path = "pk"


class Team(models.Model):
    """A group of people that owns things, in one line of defence."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=150)
    line = models.CharField(max_length=10, choices=Line.choices)
    pickles_until = models.DateTimeField(null=True, help_text="Until when its models may be pickles; null: never.")
    pickles_reason = models.TextField(blank=True, default="", help_text="Why an administrator lets them be.")
    created_at = models.DateTimeField()

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pickles_until=None, pickles_reason="")
                | models.Q(pickles_until__isnull=False, pickles_reason__gt=""),
                name="team_pickles_for_a_reason",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def takes_pickles(self) -> bool:
        """Whether a model of the team may be handed in as a pickle now, to be kept and never opened."""
        return self.pickles_until is not None and self.pickles_until > now()

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; name and reason are private."""
        until = self.pickles_until.isoformat() if self.pickles_until else None
        return {"team": self.pk, "slug": self.slug, "line": self.line, "pickles_until": until}
