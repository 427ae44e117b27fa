"""Documents about a model: a vendor's report, minutes, a validation done elsewhere; evidence while they are valid."""

from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.urls import reverse

from portal.accounts.models import User
from portal.blobs.models import Blob
from portal.core.fulltext import beginning_index, words_index
from portal.core.querysets import ScopedQuerySet
from registry.choices import DocumentKind, DocumentState
from registry.models.models import RegisteredModel


class DocumentQuerySet(ScopedQuerySet["Document"]):
    """Documents, by their model's team."""

    team_path = "model__team_id"

    def with_state(self, day: date) -> Any:  # the stubs know no annotation across functions
        """Give documents `state_now`, their DocumentState on a day (UTC): computed, whatever ran or did not.

        What another one replaces counts until the other's file is there and its first day has come; from then on it
        stays replaced, also where the other is withdrawn: it does not come back by itself.
        """
        replaced = Document.objects.filter(replaces=OuterRef("pk"), blob__isnull=False, valid_from__lte=day)
        states = (
            (Q(withdrawn_at__isnull=False), DocumentState.WITHDRAWN),
            (Q(blob=None), DocumentState.AWAITED),
            (Exists(replaced), DocumentState.REPLACED),
            (Q(valid_until__lt=day), DocumentState.EXPIRED),
            (Q(valid_from__gt=day), DocumentState.UPCOMING),
        )
        found = Case(
            *(When(condition, then=Value(state.value)) for condition, state in states),
            default=Value(DocumentState.VALID.value),
        )
        return self.annotate(state_now=found)

    def told_on(self, day: date) -> Any:
        """Keep those that count on a day, and those whose time is over, each with its `state_now`."""
        return self.with_state(day).filter(state_now__in=(DocumentState.VALID, DocumentState.EXPIRED))

    def replaceable(self) -> Self:
        """Keep those that another document may replace: not withdrawn, and replaced by none that holds."""
        others = Document.objects.filter(replaces=OuterRef("pk"), withdrawn_at=None)
        return self.filter(~Exists(others), withdrawn_at=None)

    def added_for(self, user_id: int | None) -> Self:
        """Keep those that a person added, or a service account that the person answers for."""
        return self.filter(Q(added_by=user_id) | Q(added_by__owner=user_id)) if user_id is not None else self.none()

    def with_names(self) -> Self:
        """Join model, people, and what is replaced."""
        return self.select_related("model__team", "added_by", "withdrawn_by", "replaces", "blob")


class Document(models.Model):
    """A document about a model; nobody here opens it or checks who signed it. Once described it stays what it is."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="documents")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=DocumentKind.choices)
    title = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, help_text="Of the file, as it was declared.")
    blob = models.ForeignKey(
        Blob, on_delete=models.PROTECT, null=True, related_name="+", help_text="Null: the file has not been sent."
    )
    media_type = models.CharField(max_length=100, blank=True, help_text="As its first bytes tell.")
    received_at = models.DateTimeField(null=True)
    signed_by = models.CharField(max_length=200, blank=True, help_text="As stated, and verified by nobody here.")
    signed_on = models.DateField(null=True, help_text="As stated.")
    valid_from = models.DateField(help_text="The first day (UTC) on which it counts.")
    valid_until = models.DateField(null=True, help_text="The last day (UTC) on which it counts; null: no end.")
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="replacements", help_text="A former document."
    )
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal = models.TextField(default="", blank=True, help_text="Why it was withdrawn.")

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="document_number_once"),
            models.UniqueConstraint(
                fields=["replaces"], condition=Q(withdrawn_at=None), name="document_replaced_by_one"
            ),
            models.CheckConstraint(condition=Q(kind__in=DocumentKind.values), name="document_kind_is_known"),
            models.CheckConstraint(condition=~Q(title=""), name="document_says_what"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="document_sha256_is_hex"),
            models.CheckConstraint(
                condition=Q(blob=None, received_at=None, media_type="")
                | Q(blob=models.F("sha256"), received_at__isnull=False) & ~Q(media_type=""),
                name="document_file_is_the_declared_one",
            ),
            models.CheckConstraint(
                condition=Q(signed_by="", signed_on=None) | ~Q(signed_by="") & Q(signed_on__isnull=False),
                name="document_signed_by_somebody_some_day",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=models.F("valid_from")),
                name="document_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by=None, withdrawn_at=None, withdrawal="")
                | Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False) & ~Q(withdrawal=""),
                name="document_withdrawn_by_somebody",
            ),
        ]
        indexes = [
            words_index("title", "withdrawal", name="document_words"),
            beginning_index("sha256", name="document_digest"),
            models.Index(fields=["valid_until"], name="document_by_end"),
        ]

    def __str__(self) -> str:
        return f"document {self.number} of {self.model.slug}"

    def get_absolute_url(self) -> str:
        """Return where the document stands among those of its model."""
        return f"{reverse('documents', args=[self.model.slug])}#document-{self.number}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; title, signer and reason are private."""
        return {
            "document": self.pk,
            "model": self.model_id,
            "number": self.number,
            "kind": self.kind,
            "sha256": self.sha256,
            "media_type": self.media_type,
            "received_at": self.received_at.isoformat() if self.received_at else None,
            "signed_on": self.signed_on.isoformat() if self.signed_on else None,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "replaces": self.replaces_id,
            "added_by": f"user:{self.added_by_id}",
            "added_at": self.added_at.isoformat(),
            "withdrawn_by": f"user:{self.withdrawn_by_id}" if self.withdrawn_by_id else None,
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
        }
