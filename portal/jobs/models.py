"""A job: the truth about one piece of long work, and the outbox from which it is published."""

from typing import Any, Self

from django.db import models

from portal.core.actors import Actor
from portal.core.querysets import ScopedQuerySet
from portal.jobs.choices import OPEN, JobState


class JobQuerySet(ScopedQuerySet["Job"]):
    """Jobs, by team; what somebody asked for over several teams is theirs."""

    def visible_to(self, actor: Actor) -> Self:
        """Keep the jobs of teams in which the actor may read, and of no team those that the actor asked for."""
        teams = actor.teams_for(self.capability)
        if teams is None:
            return self.all()
        return self.filter(models.Q(team_id__in=teams) | models.Q(team_id=None, actor_id=actor.id))


class Job(models.Model):
    """One piece of long work. Its kind names the task; Celery's message carries the id and nothing else.

    A claim raises `attempt`; whoever works writes only where (id, attempt) still holds.
    """

    kind = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=80)
    subject_label = models.CharField(max_length=200)
    team_id = models.BigIntegerField(null=True, help_text="The owning team; no key, jobs know no accounts.")
    actor_id = models.CharField(max_length=80, help_text='Who asked: "user:12".')
    request_id = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Of the request that asked; for the logs."
    )
    arguments = models.JSONField(help_text="Ids, for the task.")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often it was claimed.")
    progress_done = models.BigIntegerField(default=0)
    progress_total = models.BigIntegerField(default=0, help_text="0: not known yet.")
    progress_message = models.CharField(max_length=200, blank=True)
    cancel_requested = models.BooleanField(default=False)
    error = models.JSONField(null=True, help_text="A problem document (RFC 9457).")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state", "published_at"], name="job_open", condition=models.Q(state__in=OPEN)),
            models.Index(fields=["subject_type", "subject_id"], name="job_by_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=OPEN, ended_at=None)
                | (~models.Q(state__in=OPEN) & models.Q(ended_at__isnull=False)),
                name="job_ended_has_its_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether the job will still end."""
        return self.state in OPEN

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; progress and heartbeats are no entries."""
        return {
            "job": self.pk,
            "kind": self.kind,
            "subject_type": self.subject_type,
            "subject_id": self.subject_id,
            "team": self.team_id,
            "requested_by": self.actor_id,
            "state": self.state,
            "attempt": self.attempt,
            "cancel_requested": self.cancel_requested,
            "error": self.error,
        }


class Pulse(models.Model):
    """The last sign of life of a program of which one must work, as the sequencer."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
