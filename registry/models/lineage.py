"""Lineage that follows from nothing else: what somebody, or an event, says depends on what."""

from typing import Any

from django.db import models
from django.db.models import Q

from portal.accounts.models import Team, User
from portal.core.querysets import ScopedQuerySet
from registry.models.data import DatasetSnapshot
from registry.models.lineage_runs import LineageRun
from registry.models.models import RegisteredModel
from registry.models.versions import ModelVersion

ENDS = ("model", "version", "snapshot", "run")
"""Kinds of things that an edge joins; each end is one of them."""


def _one_of(side: str) -> Q:
    """Return the condition that exactly one thing stands at this end."""
    found = Q()
    for kind in ENDS:
        found |= Q(**{f"{side}_{other}__isnull": other != kind for other in ENDS})
    return found


class LineageEdgeQuerySet(ScopedQuerySet["LineageEdge"]):
    """Edges, by the team of what depends; what it depends on may be another team's."""


class LineageEdge(models.Model):
    """One thing depends on another: told once, never changed.

    What rows say themselves (a version's training run, snapshot, commit, features) is no edge of these.
    """

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    upstream_model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, null=True, related_name="+")
    upstream_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="+")
    upstream_snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, null=True, related_name="+")
    upstream_run = models.ForeignKey(LineageRun, on_delete=models.PROTECT, null=True, related_name="+")
    downstream_model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, null=True, related_name="+")
    downstream_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="+")
    downstream_snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, null=True, related_name="+")
    downstream_run = models.ForeignKey(LineageRun, on_delete=models.PROTECT, null=True, related_name="+")
    stated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField()

    objects = LineageEdgeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=[f"{side}_{kind}" for side in ("upstream", "downstream") for kind in ENDS],
                nulls_distinct=False,
                name="lineage_edge_once",
            ),
            models.CheckConstraint(condition=_one_of("upstream"), name="lineage_edge_from_one"),
            models.CheckConstraint(condition=_one_of("downstream"), name="lineage_edge_to_one"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"upstream_{kind}": None})
                    | Q(**{f"downstream_{kind}": None})
                    | ~Q(**{f"upstream_{kind}": models.F(f"downstream_{kind}")}),
                    name=f"lineage_{kind}_not_of_itself",
                )
                for kind in ENDS
            ),
        ]

    def __str__(self) -> str:
        (above, one), (below, other) = self.ends()
        return f"{below} {other} depends on {above} {one}"

    def ends(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """Return kind and key of what is depended on, and of what depends."""
        above, below = (
            next((kind, getattr(self, f"{side}_{kind}_id")) for kind in ENDS if getattr(self, f"{side}_{kind}_id"))
            for side in ("upstream", "downstream")
        )
        return above, below

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        above, below = self.ends()
        return {
            "lineage_edge": self.pk,
            "upstream": list(above),
            "downstream": list(below),
            "stated_by": f"user:{self.stated_by_id}",
        }
