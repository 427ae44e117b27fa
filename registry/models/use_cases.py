"""Use cases: what somebody wants to decide with a model, before there is one."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from portal.accounts.models import Team, User
from portal.core.canonical import digest_of
from portal.core.fulltext import parts_index, words_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import UseCaseState

OPEN = (UseCaseState.PROPOSED, UseCaseState.TIERED)


class UseCaseQuerySet(ScopedQuerySet["UseCase"]):
    """Use cases, by team."""

    def with_names(self) -> Self:
        """Join team and people."""
        return self.select_related("team", "owner", "sponsor", "proposed_by", "decided_by", "retired_by")


class UseCase(models.Model):
    """A decision that somebody wants to make with a model: for whom, about whom, and who answers for it.

    "Not a model" is an outcome of it: the state `rejected` with `not_a_model`, so that it has the same rationale,
    decider and date as any other rejection, and nothing later can be built on it.
    """

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sponsor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField(help_text="What it is for.")
    affected_persons = models.TextField(help_text="Whom it affects, and how.")
    decision = models.TextField(help_text="The decision that is made with it.")
    state = models.CharField(max_length=30, choices=UseCaseState.choices, default=UseCaseState.PROPOSED)
    not_a_model = models.BooleanField(default=False, help_text="Rejected because it needs no model under governance.")
    involved = models.JSONField(default=list, help_text="Ids of who ever proposed, wrote, owned or sponsored it.")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    rationale = models.TextField(blank=True, help_text="Why it was decided so.")
    retired_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, help_text="Why it was retired.")

    objects = UseCaseQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(condition=~Q(state=UseCaseState.IN_USE), name="use_case_in_use_is_computed"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, decided_by=None, decided_at=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(state__in=OPEN),
                name="use_case_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state=UseCaseState.REJECTED) | ~Q(rationale=""), name="use_case_rejected_with_rationale"
            ),
            models.CheckConstraint(
                condition=Q(not_a_model=False) | Q(state=UseCaseState.REJECTED), name="use_case_not_a_model_is_rejected"
            ),
            models.CheckConstraint(
                condition=~Q(state=UseCaseState.RETIRED) & Q(retired_by=None, retired_at=None, reason="")
                | Q(state=UseCaseState.RETIRED, retired_by__isnull=False, retired_at__isnull=False) & ~Q(reason=""),
                name="use_case_retired_by_somebody",
            ),
        ]
        indexes = [
            words_index("slug", "name", "purpose", "affected_persons", "decision", "rationale", name="use_case_words"),
            parts_index("slug", "name", name="use_case_parts"),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        """Return the use case's page."""
        return reverse("use_case", args=[self.slug])

    def digest(self) -> str:
        """Return the identity of what it says and who answers for it: what somebody decides about."""
        said = {name: getattr(self, name) for name in ("name", "purpose", "affected_persons", "decision")}
        return digest_of({**said, "owner": self.owner_id, "sponsor": self.sponsor_id})

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; the texts are private."""
        return {
            "use_case": self.pk,
            "slug": self.slug,
            "team": self.team_id,
            "owner": f"user:{self.owner_id}",
            "sponsor": f"user:{self.sponsor_id}",
            "state": self.state,
            "not_a_model": self.not_a_model,
            "involved": list(self.involved),
            "proposed_by": f"user:{self.proposed_by_id}",
            "proposed_at": self.proposed_at.isoformat(),
            "decided_by": f"user:{self.decided_by_id}" if self.decided_by_id else None,
            "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            "retired_by": f"user:{self.retired_by_id}" if self.retired_by_id else None,
            "retired_at": self.retired_at.isoformat() if self.retired_at else None,
        }
