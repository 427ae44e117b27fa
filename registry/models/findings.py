"""Findings: what somebody found wrong with a model, who holds it, and everything that was done to it."""

from typing import Any, Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.urls import reverse

from portal.accounts.choices import Line
from portal.accounts.models import User
from portal.core.clock import now
from portal.core.fulltext import words_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import FindingState, FindingVerb, Severity, Stage
from registry.models.models import RegisteredModel
from registry.models.versions import ModelVersion

WITH_HOLDER = (FindingState.OPEN, FindingState.IN_REMEDIATION, FindingState.REOPENED)
"""States in which it waits for who holds it."""
REMEDIATED_BY = (FindingVerb.START, FindingVerb.HAND_IN)
"""What makes somebody a remediator, for ever."""


class FindingQuerySet(ScopedQuerySet["Finding"]):
    """Findings, by their model's team."""

    team_path = "model__team_id"

    def unclosed(self) -> Self:
        """Keep those that somebody still has to do something about."""
        return self.exclude(state=FindingState.CLOSED)

    def about(self, version: ModelVersion) -> Self:
        """Keep those about a version: its own, and those about its model as a whole."""
        return self.filter(Q(version=None) | Q(version=version), model=version.model_id)

    def overdue(self) -> Self:
        """Keep those whose time is over: computed now, whatever ran or did not."""
        return self.unclosed().filter(due__lt=now())

    def held_by(self, user_id: int | None) -> Self:
        """Keep what waits for this person, who holds it."""
        return self.filter(holder=user_id, holder__isnull=False, state__in=WITH_HOLDER)

    def unheld(self) -> Self:
        """Keep what waits for somebody to hold it: nobody does, or only somebody whose account is closed."""
        return self.filter(Q(holder=None) | Q(holder__is_active=False), state__in=WITH_HOLDER)

    def worst_first(self) -> Self:
        """Order by what is not closed, then by weight, then by due time."""
        closed = Case(When(state=FindingState.CLOSED, then=1), default=0)
        weight = Case(*(When(severity=one, then=place) for place, one in enumerate(Severity.values)))
        return self.order_by(closed, weight, F("due").asc(nulls_last=True), "-pk")

    def not_remediated_by(self, user_id: int | None) -> Self:
        """Leave out those that this person ever remediated."""
        own = FindingMove.objects.filter(finding=OuterRef("pk"), by=user_id, verb__in=REMEDIATED_BY)
        return self.filter(~Exists(own))

    def with_names(self) -> Self:
        """Join model, version and people."""
        return self.select_related("model__team", "version", "holder", "raised_by")


class Finding(models.Model):
    """What somebody found wrong with a model or one of its versions; state, severity, holder and due time change."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="findings")
    number = models.PositiveIntegerField()
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="findings", help_text="Empty: the whole model."
    )
    stage = models.CharField(max_length=12, choices=Stage.choices)
    severity = models.CharField(max_length=6, choices=Severity.choices)
    title = models.CharField(max_length=200)
    description = models.TextField(help_text="What is wrong, how one sees it, and what would be right.")
    state = models.CharField(max_length=16, choices=FindingState.choices, default=FindingState.OPEN)
    line = models.CharField(max_length=10, choices=Line.choices, help_text="The line of defence that raised it.")
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    holder = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="held_findings")
    held_since = models.DateTimeField(null=True)
    due = models.DateTimeField(null=True, help_text="When it is to be handed in and verified.")

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="finding_number_once"),
            models.CheckConstraint(condition=Q(state__in=FindingState.values), name="finding_state_is_known"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="finding_severity_is_known"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="finding_stage_is_known"),
            models.CheckConstraint(condition=Q(line__in=Line.values), name="finding_line_is_known"),
            models.CheckConstraint(condition=~Q(title=""), name="finding_says_what"),
            models.CheckConstraint(
                condition=Q(holder=None, held_since=None) | Q(holder__isnull=False, held_since__isnull=False),
                name="finding_held_since",
            ),
            models.CheckConstraint(
                condition=Q(state__in=(FindingState.OPEN, FindingState.REOPENED))
                | Q(state=FindingState.CLOSED, holder=None, due=None)
                | Q(state__in=(FindingState.IN_REMEDIATION, FindingState.READY_TO_VERIFY), holder__isnull=False),
                name="finding_held_while_it_is_remediated",
            ),
        ]
        indexes = [
            words_index("title", "description", name="finding_words"),
            models.Index(fields=["state", "due"], name="finding_by_due"),
        ]

    def __str__(self) -> str:
        return f"finding {self.number} of {self.model.slug}"

    def get_absolute_url(self) -> str:
        """Return the finding's page."""
        return reverse("finding", args=[self.model.slug, self.number])

    @property
    def is_overdue(self) -> bool:
        """Whether its time is over now."""
        return self.state != FindingState.CLOSED and self.due is not None and self.due < now()

    @property
    def waits_for_holder(self) -> bool:
        """Whether who holds it has to do something."""
        return self.state in WITH_HOLDER

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; title and description are private."""
        return {
            "finding": self.pk,
            "model": self.model_id,
            "number": self.number,
            "version": self.version_id,
            "stage": self.stage,
            "severity": self.severity,
            "state": self.state,
            "line": self.line,
            "raised_by": f"user:{self.raised_by_id}",
            "raised_at": self.raised_at.isoformat(),
            "holder": f"user:{self.holder_id}" if self.holder_id else None,
            "held_since": self.held_since.isoformat() if self.held_since else None,
            "due": self.due.isoformat() if self.due else None,
        }


class FindingMove(models.Model):
    """One thing that was done to a finding, and how it stood afterwards; never changed."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="moves")
    verb = models.CharField(max_length=16, choices=FindingVerb.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    state_before = models.CharField(max_length=16, choices=FindingState.choices, blank=True)
    state = models.CharField(max_length=16, choices=FindingState.choices)
    severity = models.CharField(max_length=6, choices=Severity.choices)
    holder = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    due = models.DateTimeField(null=True)
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(verb__in=FindingVerb.values), name="finding_move_is_known"),
            models.UniqueConstraint(fields=["finding"], condition=Q(verb="raise"), name="finding_raised_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()}: finding {self.finding_id}"
