"""Runs elsewhere, and the OpenLineage events that told of them."""

from typing import Any

from django.db import models
from django.urls import reverse

from portal.accounts.models import Team, User
from portal.core.fulltext import beginning_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import LineageRunState


class LineageRunQuerySet(ScopedQuerySet["LineageRun"]):
    """Runs, by team."""


class LineageRun(models.Model):
    """A run of a job elsewhere, put together from the events that told of it."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    run_id = models.UUIDField(help_text="As its producer named it.")
    namespace = models.CharField(max_length=300)
    name = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=LineageRunState.choices, default=LineageRunState.NAMED)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    repository = models.CharField(max_length=400, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    parameters = models.JSONField(default=dict)
    environment_lock_sha256 = models.CharField(max_length=64, blank=True)
    hardware = models.CharField(max_length=200, blank=True)
    seed = models.BigIntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True, help_text="What its producer says went wrong.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = LineageRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "run_id"], name="lineage_run_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=LineageRunState.values), name="lineage_run_state_is_known"
            ),
        ]
        indexes = [beginning_index("commit", name="lineage_run_commit")]

    def __str__(self) -> str:
        return f"{self.name} {str(self.run_id)[:8]}"

    def get_absolute_url(self) -> str:
        """Return the run's page."""
        return reverse("lineage_run", args=[self.pk])

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; the job's name stays private."""
        return {
            "lineage_run": self.pk,
            "team": self.team_id,
            "run_id": str(self.run_id),
            "state": self.state,
            "parent": self.parent_id,
            "repository": self.repository,
            "commit": self.commit,
            "parameters": self.parameters,
            "environment_lock_sha256": self.environment_lock_sha256,
            "hardware": self.hardware,
            "seed": self.seed,
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
        }


class LineageEventQuerySet(ScopedQuerySet["LineageEvent"]):
    """Events, by their run's team."""

    team_path = "run__team_id"


class LineageEvent(models.Model):
    """One OpenLineage event as it came, and what of it was kept without being understood."""

    run = models.ForeignKey(LineageRun, on_delete=models.PROTECT, related_name="events")
    event_type = models.CharField(max_length=10, help_text="START, RUNNING, COMPLETE, FAIL, ABORT or OTHER.")
    event_time = models.DateTimeField()
    producer = models.CharField(max_length=400)
    body = models.JSONField(help_text="The whole event.")
    digest = models.CharField(max_length=64, help_text="SHA-256 over the canonical JSON of the body.")
    unread = models.JSONField(default=list, help_text="[{where, why}]: what leads to nothing here.")
    received_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()

    objects = LineageEventQuerySet.as_manager()

    class Meta:
        ordering = ["event_time", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "event_type", "event_time"], name="lineage_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} of {self.run}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row: which event it was, by digest; its texts stay out."""
        return {
            "lineage_event": self.pk,
            "lineage_run": self.run_id,
            "event_type": self.event_type,
            "event_time": self.event_time.isoformat(),
            "digest": self.digest,
            "unread": len(self.unread),
            "received_by": f"user:{self.received_by_id}",
        }
