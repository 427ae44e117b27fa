"""Policies: versioned checks and seats."""

from typing import Any

from django.db import models
from django.urls import reverse

from governance.choices import PolicyState


class Policy(models.Model):
    """A named policy; what it says stands in its versions."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class PolicyVersion(models.Model):
    """One immutable text of a policy; readable by everyone who can sign in."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=PolicyState.choices, default=PolicyState.DRAFT)
    document = models.JSONField(help_text="The whole policy: environments, tiers, seats, expiry, checks.")
    digest = models.CharField(max_length=64)
    drafted_by = models.CharField(max_length=40, help_text="Actor id; another steward publishes.")
    drafted_at = models.DateTimeField()
    published_by = models.CharField(max_length=40, blank=True, help_text="Actor id.")
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["policy", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_number_once"),
            models.UniqueConstraint(
                fields=["policy"], condition=models.Q(state="published"), name="one_published_policy_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy.title} v{self.number}"

    def get_absolute_url(self) -> str:
        """Return the policy version's page."""
        return reverse("policy", args=[self.policy.slug, self.number])

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "policy_version": self.pk,
            "policy": self.policy.slug,
            "number": self.number,
            "state": self.state,
            "digest": self.digest,
            "drafted_by": self.drafted_by,
            "published_by": self.published_by,
            "published_at": self.published_at.isoformat() if self.published_at else None,
        }


class PolicyCheck(models.Model):
    """One check of a policy version: an expression over declared variables."""

    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="checks")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    severity = models.CharField(max_length=12)
    tasks = models.JSONField(default=list, help_text="The tasks it applies to; empty: all.")
    expression = models.TextField()
    limit = models.CharField(max_length=200, help_text="The limit in words, as the gate table prints it.")
    message = models.TextField(help_text="What to do when it is not passed.")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["policy_version", "key"], name="policy_check_once")]

    def __str__(self) -> str:
        return self.title
