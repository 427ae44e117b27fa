"""Documents about a model: described, their file received, withdrawn.

Developers of the model's team and validators do; who added one withdraws or replaces it, or the second line. What the
portal keeps is what was stated: it opens no file, and verifies no signature in one.
"""

from django.db import transaction

from portal.blobs.models import Blob
from portal.blobs.services import hold
from portal.blobs.store import open_blob
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.errors import DigestMismatch, NotUsable, NotYourDocument
from registry.events import DOCUMENT_DESCRIBED, DOCUMENT_RECEIVED, DOCUMENT_WITHDRAWN
from registry.models import Document, RegisteredModel
from registry.rules import documents as rules
from registry.rules.values import text_problems
from registry.selectors import ended_by
from registry.services.rows import author_of, lock_model, next_number, require_in_service


@transaction.atomic
def describe_document(
    *, actor: Actor, model: RegisteredModel, said: rules.Said, replaces: Document | None = None
) -> Document:
    """Describe a document, whose file of the stated digest follows. Raises Forbidden, Invalid and NotUsable."""
    actor.require("add_document", model.team_id)
    model = lock_model(model.pk)
    require_in_service(model)
    at = now()
    found = rules.problems(said, at.date()) | _replacing_problems(actor, model, replaces)
    if model.documents.count() >= rules.MOST:
        found["title"] = [f"A model has at most {rules.MOST} documents."]
    if found:
        raise Invalid("The document can't be added; see the fields.", fields=found)
    row = Document.objects.create(
        model=model, number=next_number(model.documents.all()), kind=said.kind, title=said.title.strip(),
        sha256=said.sha256, signed_by=said.signed_by.strip(), signed_on=said.signed_on, valid_from=said.valid_from,
        valid_until=said.valid_until, replaces=replaces, added_by_id=author_of(actor), added_at=at,
    )  # fmt: skip
    private = {"title": row.title, "signed_by": row.signed_by}
    _record(row, actor=actor, event=DOCUMENT_DESCRIBED, private=private)
    return row


@transaction.atomic
def add_document(
    *, actor: Actor, model: RegisteredModel, said: rules.Said, blob: Blob, replaces: Document | None = None
) -> Document:
    """Describe a document whose file is there already, in one step. Raises Forbidden, Invalid and NotUsable."""
    row = describe_document(actor=actor, model=model, said=said, replaces=replaces)
    return receive_document(actor=actor, document=row, blob=blob)


def require_awaited(*, actor: Actor, document: Document, sha256: str) -> None:
    """Refuse a file before its bytes are read: raises Forbidden, NotUsable and DigestMismatch."""
    actor.require("add_document", document.model.team_id)
    _require_awaited(document)
    _require_digest(document, sha256)


@transaction.atomic
def receive_document(*, actor: Actor, document: Document, blob: Blob) -> Document:
    """Take in the file of a document: from now on it counts while it is valid.

    Raises Forbidden, NotUsable, DigestMismatch, BytesGone, and Invalid for what is no kind of document.
    """
    actor.require("add_document", document.model.team_id)
    row = _locked(document)
    _require_awaited(row)
    _require_digest(row, blob.pk)
    hold(blob)
    with open_blob(blob.pk) as stream:
        media_type = rules.media_type_of(stream.read(rules.HEAD_BYTES), blob.size)
    if not media_type or blob.size > rules.MOST_BYTES:
        words = rules.NOT_TAKEN if not media_type else f"A document has at most {rules.MOST_BYTES:,} bytes."
        raise Invalid("The file can't be taken; see the field.", fields={"file": [words]})
    row.blob, row.media_type, row.received_at = blob, media_type, now()
    row.save(update_fields=["blob", "media_type", "received_at"])
    _record(row, actor=actor, event=DOCUMENT_RECEIVED)
    return row


def require_ending(*, actor: Actor, document: Document) -> None:
    """Refuse who may not let the document count no more: raises Forbidden and NotYourDocument."""
    actor.require("add_document", document.model.team_id)
    if not ended_by(actor, document.model).filter(pk=document.pk).exists():
        words = f"The {document} is withdrawn by who added it, {document.added_by.name}, or by the second line."
        raise NotYourDocument(words)


@transaction.atomic
def withdraw_document(*, actor: Actor, document: Document, reason: str) -> Document:
    """Let a document count no more, for good; it stays with its file. Raises Forbidden, Invalid and NotUsable."""
    require_ending(actor=actor, document=document)
    row = _locked(document)
    if row.withdrawn_at is not None:
        raise NotUsable(f"The {row} is withdrawn already.")
    if problems := text_problems({"reason": reason}):
        raise Invalid("Say why the document is withdrawn.", fields=problems)
    row.withdrawn_by_id, row.withdrawn_at, row.withdrawal = author_of(actor), now(), reason.strip()
    row.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawal"])
    _record(row, actor=actor, event=DOCUMENT_WITHDRAWN, private={"reason": row.withdrawal})
    return row


def _locked(document: Document) -> Document:
    """Lock the model's row, then the document's: valid documents may be a covered part."""
    model = lock_model(document.model_id)
    require_in_service(model)
    row = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    row.model = model
    return row


def _require_awaited(document: Document) -> None:
    if document.withdrawn_at is not None:
        raise NotUsable(f"The {document} is withdrawn and takes no file.")
    if document.blob_id is not None:
        raise NotUsable(f"The {document} has its file. Add another document that replaces it.")


def _require_digest(document: Document, sha256: str) -> None:
    if sha256 != document.sha256:
        message = f"The bytes have SHA-256 {sha256}; declared was {document.sha256}."
        raise DigestMismatch(message, fields={"sha256": [message]})


def _replacing_problems(actor: Actor, model: RegisteredModel, former: Document | None) -> dict[str, list[str]]:
    if former is None:
        return {}
    if former.model_id != model.pk:
        return {"replaces": ["It is a document of another model."]}
    if not model.documents.replaceable().filter(pk=former.pk).exists():
        return {"replaces": ["It is withdrawn, or another document replaces it already."]}
    if not ended_by(actor, model).filter(pk=former.pk).exists():
        return {"replaces": [f"Who added it replaces it ({former.added_by.name}), or the second line."]}
    return {}


def _record(row: Document, *, actor: Actor, event: EventType, private: dict[str, str] | None = None) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("document", str(row.pk), str(row), row.model.team_id),
        data=row.public_state(),
        private={name: text for name, text in (private or {}).items() if text},
        topics=(f"model:{row.model_id}", f"document:{row.pk}"),
    )
