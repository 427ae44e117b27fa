"""Registered models."""

from typing import Any, Self

from django.db import models
from django.urls import reverse

from portal.accounts.models import Team, User
from portal.core.fulltext import parts_index, words_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import Implementation, Task
from registry.models.use_cases import UseCase


class RegisteredModelQuerySet(ScopedQuerySet["RegisteredModel"]):
    """Models, by team."""

    def with_names(self) -> Self:
        """Join team, owner and use case."""
        return self.select_related("team", "owner", "use_case")


class RegisteredModel(models.Model):
    """A model that the organisation has: what it is for, who owns it, how much rests on it."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    purpose = models.TextField(help_text="The decision that is made with it.")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    tier = models.PositiveSmallIntegerField(help_text="1 is the highest impact, 3 the lowest.")
    task = models.CharField(max_length=20, choices=Task.choices)
    implementation = models.CharField(max_length=20, choices=Implementation.choices)
    created_at = models.DateTimeField()
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, null=True, related_name="models")

    objects = RegisteredModelQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [models.CheckConstraint(condition=models.Q(tier__range=(1, 3)), name="model_tier_1_to_3")]
        indexes = [
            words_index("slug", "name", "purpose", name="model_words"),
            parts_index("slug", "name", name="model_parts"),
            models.Index(fields=["tier", "slug"], name="model_by_tier"),
            models.Index(fields=["name", "slug"], name="model_by_name"),
            models.Index(fields=["created_at", "slug"], name="model_by_age"),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        """Return the model's page."""
        return reverse("model", args=[self.slug])

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row.

        A model without a use case names none: so it was told before there were any, and the two must agree.
        """
        state = {
            "model": self.pk,
            "slug": self.slug,
            "team": self.team_id,
            "owner": f"user:{self.owner_id}",
            "tier": self.tier,
            "task": self.task,
            "implementation": self.implementation,
        }
        return state | ({"use_case": self.use_case_id} if self.use_case_id else {})
