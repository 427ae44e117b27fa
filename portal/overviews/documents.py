"""Documents about models: which count as evidence today, and which soon will not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import django_filters
from django.db.models import F, Q

from portal.core.actors import Actor
from portal.core.clock import now
from registry.choices import DocumentKind, DocumentState
from registry.models import Document, RegisteredModel
from registry.selectors import ended_by

SOON = timedelta(days=30)
SHOWN = 8
HEADS = (
    "document", "title", "kind", "state", "valid_from", "valid_until", "signed_by", "signed_on", "sha256", "bytes",
    "replaces", "added_by", "added_at", "withdrawn_by", "withdrawn_at", "withdrawal",
)  # fmt: skip


class DocumentFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """What a list of documents can be narrowed to."""

    kind = django_filters.ChoiceFilter(choices=DocumentKind.choices)
    state = django_filters.ChoiceFilter(choices=DocumentState.choices, field_name="state_now")

    class Meta:
        model = Document
        fields = ["kind", "state"]


@dataclass(frozen=True)
class DocumentLine:
    """A document as it stands on a day; a valid one with little time left is `expiring`."""

    document: Document
    state: str
    may_withdraw: bool = False

    @property
    def status(self) -> str:
        """Return the word that the page shows."""
        soon = self.state == DocumentState.VALID and _ends_soon(self.document, now().date())
        return "expiring" if soon else self.state


@dataclass(frozen=True)
class DocumentsSummary:
    """What of a model's documents counts, or did until its time was over, the first to end first."""

    lines: Sequence[DocumentLine]
    valid: int
    expired: int
    may_add: bool

    @property
    def words(self) -> str:
        """Return how many there are, in words."""
        told = [(self.valid, "valid"), (self.expired, "expired")]
        return ", ".join(f"{number} {word}" for number, word in told if number)


def documents_now(actor: Actor) -> Any:
    """Return the documents that the actor may see, each with its `state_now`."""
    return Document.objects.visible_to(actor).with_state(now().date()).with_names()


def lines_of(actor: Actor, model: RegisteredModel) -> list[DocumentLine]:
    """Return all documents of a model, the newest first."""
    own: frozenset[int] = frozenset()
    if model.retired_at is None and actor.may("add_document", model.team_id):
        own = frozenset(ended_by(actor, model).filter(withdrawn_at=None).values_list("pk", flat=True))
    rows: Any = model.documents.with_state(now().date()).with_names()
    return [DocumentLine(row, row.state_now, row.pk in own) for row in rows]


def cells(model: RegisteredModel) -> Iterator[Sequence[Any]]:
    """Yield a head and a line for each document of a model, the newest first."""
    rows: Any = model.documents.with_state(now().date()).with_names()
    yield HEADS
    for row in list(rows):
        yield [
            row.number, row.title, row.kind, row.state_now, row.valid_from, row.valid_until, row.signed_by,
            row.signed_on, row.sha256, row.blob.size if row.blob else None,
            row.replaces.number if row.replaces else None, row.added_by.name, row.added_at,
            row.withdrawn_by.name if row.withdrawn_by else None, row.withdrawn_at, row.withdrawal,
        ]  # fmt: skip


def documents_summary(actor: Actor, model: RegisteredModel) -> DocumentsSummary:
    """Return what the model's page says of its documents."""
    rows = model.documents.told_on(now().date()).with_names()
    found = _lines(rows.order_by(F("valid_until").asc(nulls_last=True), "-pk"))
    expired = sum(line.state == DocumentState.EXPIRED for line in found)
    may_add = model.retired_at is None and actor.may("add_document", model.team_id)
    return DocumentsSummary(found[:SHOWN], len(found) - expired, expired, may_add)


def documents_due(actor: Actor) -> list[DocumentLine]:
    """Return what has expired or soon will, the longest ago first: of one's own models and teams."""
    day = now().date()
    teams = actor.teams_for("register_model")
    rows = Document.objects.visible_to(actor).told_on(day).with_names()
    rows = rows.filter(model__retired_at=None, valid_until__lt=day + SOON)
    if teams is not None:
        own = Q(model__owner=actor.user_id) | Q(model__backup=actor.user_id)
        rows = rows.filter(own | Q(model__team__in=teams))
    return _lines(rows.order_by("valid_until", "pk")[:SHOWN])


def _lines(rows: Any) -> list[DocumentLine]:
    return [DocumentLine(row, row.state_now) for row in rows]


def _ends_soon(document: Document, day: date) -> bool:
    return document.valid_until is not None and document.valid_until < day + SOON
