"""Registered models."""

import re
from typing import Any, Self

from django.db import models
from django.urls import reverse

from portal.accounts.models import Team, User
from portal.core.fulltext import parts_index, words_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import Implementation, Origin, Task
from registry.models.use_cases import UseCase


class RegisteredModelQuerySet(ScopedQuerySet["RegisteredModel"]):
    """Models, by team."""

    def tagged(self, tag: str) -> Self:
        """Keep those that bear the tag, spelled as tags are kept."""
        return self.filter(tags__icontains=tag, tags__regex=rf"(^| ){re.escape(tag)}( |$)")

    def with_names(self) -> Self:
        """Join team, people and use case."""
        return self.select_related("team", "owner", "backup", "use_case", "retired_by")


class RegisteredModel(models.Model):
    """A model that the organisation has: what it is for, who owns it, how much rests on it."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    purpose = models.TextField(help_text="The decision that is made with it.")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    backup = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="Who answers when the owner can't."
    )
    mlflow_name = models.CharField(  # noqa: DJ001 (many have none, which is no name that could be taken)
        max_length=200, null=True, unique=True, help_text="By which MLflow clients know it; unique in the installation."
    )
    tags = models.TextField(default="", blank=True, help_text="Labels as rules.tags spells them, a space between.")
    links = models.JSONField(default=list, blank=True, help_text="[{title, url}], as rules.links keeps them.")
    contacts = models.JSONField(
        default=list, blank=True, help_text="[{name, role, address}], as rules.links keeps them."
    )
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.OWN)
    tier = models.PositiveSmallIntegerField(help_text="1 is the highest impact, 3 the lowest.")
    task = models.CharField(max_length=20, choices=Task.choices)
    implementation = models.CharField(max_length=20, choices=Implementation.choices)
    created_at = models.DateTimeField()
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, null=True, related_name="models")
    retired_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retirement = models.TextField(default="", blank=True, help_text="Why it was retired.")

    objects = RegisteredModelQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(condition=models.Q(tier__range=(1, 3)), name="model_tier_1_to_3"),
            models.CheckConstraint(condition=models.Q(origin__in=Origin.values), name="model_origin_is_known"),
            models.CheckConstraint(
                condition=models.Q(backup=None) | ~models.Q(backup=models.F("owner")), name="model_backed_up_by_another"
            ),
            models.CheckConstraint(condition=~models.Q(mlflow_name=""), name="model_without_mlflow_name_has_none"),
            models.CheckConstraint(
                condition=~models.Q(implementation=Implementation.VENDOR) | models.Q(origin=Origin.VENDOR),
                name="black_box_is_a_vendors",
            ),
            models.CheckConstraint(
                condition=models.Q(retired_by=None, retired_at=None, retirement="")
                | models.Q(retired_by__isnull=False, retired_at__isnull=False) & ~models.Q(retirement=""),
                name="model_retired_by_somebody",
            ),
        ]
        indexes = [
            words_index("slug", "name", "purpose", "retirement", name="model_words"),
            parts_index("slug", "name", "mlflow_name", name="model_parts"),
            parts_index("tags", name="model_tags"),
            models.Index(fields=["tier", "slug"], name="model_by_tier"),
            models.Index(fields=["name", "slug"], name="model_by_name"),
            models.Index(fields=["created_at", "slug"], name="model_by_age"),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        """Return the model's page."""
        return reverse("model", args=[self.slug])

    @property
    def labels(self) -> list[str]:
        """The tags, one by one."""
        return self.tags.split()

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row.

        What is not there is not told: so it was before there were use cases and the like, and the two must agree.
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
        more = {
            "use_case": self.use_case_id,
            "backup": f"user:{self.backup_id}" if self.backup_id else None,
            "mlflow_name": self.mlflow_name,
            "tags": self.labels or None,
            "origin": None if self.origin == Origin.OWN else self.origin,
            "retired_by": f"user:{self.retired_by_id}" if self.retired_by_id else None,
            "retired_at": self.retired_at.isoformat() if self.retired_at else None,
        }
        return state | {name: value for name, value in more.items() if value is not None}
