"""Model cards, by revision."""

from typing import Any

from django.db import models
from django.urls import reverse

from portal.accounts.models import User
from portal.core.fulltext import beginning_index, words_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import CardState
from registry.models.models import RegisteredModel


class CardRevisionQuerySet(ScopedQuerySet["CardRevision"]):
    """Card revisions, by their model's team."""

    team_path = "model__team_id"


class CardRevision(models.Model):
    """What a model is for, what it is not for, and where it fails; immutable once published."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="card_revisions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=CardState.choices, default=CardState.DRAFT)
    intended_use = models.TextField()
    limitations = models.TextField()
    out_of_scope_use = models.TextField()
    digest = models.CharField(max_length=64)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    objects = CardRevisionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="card_number_once"),
            models.UniqueConstraint(fields=["model"], condition=models.Q(state="published"), name="one_published_card"),
        ]
        indexes = [
            words_index("intended_use", "limitations", "out_of_scope_use", name="card_words"),
            beginning_index("digest", name="card_digest"),
        ]

    def __str__(self) -> str:
        return f"card of {self.model.slug}, revision {self.number}"

    def get_absolute_url(self) -> str:
        """Return the model's card page."""
        return reverse("card", args=[self.model.slug])

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; the text is private."""
        return {
            "card_revision": self.pk,
            "model": self.model_id,
            "number": self.number,
            "state": self.state,
            "digest": self.digest,
            "author": f"user:{self.author_id}",
            "published_by": f"user:{self.published_by_id}" if self.published_by_id else None,
        }
