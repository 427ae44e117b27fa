"""Verbs of evidence packs."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.blobs.services import hold, store_stream
from portal.core.actors import SYSTEM, Actor
from portal.core.canonical import canonical_json
from portal.core.clock import now
from portal.core.errors import Conflict
from portal.jobs.services import enqueue
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from portal.reports import events
from portal.reports.assembly import assemble
from portal.reports.choices import MAKE_PACK, PackState
from portal.reports.models import EvidencePack
from registry.models import Release

TEMPLATE = "release-1"


@dataclass(frozen=True)
class PackOrder:
    """What rendering needs: the frozen snapshot as canonical JSON."""

    pack_id: int
    snapshot: bytes


@dataclass(frozen=True)
class RenderedPack:
    """What rendering made."""

    content_digest: str
    pdf: bytes


@transaction.atomic
def request_pack(*, actor: Actor, release: Release) -> EvidencePack:
    """Ask for the evidence of a release that was allowed to take live decisions; raises Conflict for any other."""
    actor.require("export_evidence", release.model.team_id)
    if release.activated_at is None:
        raise Conflict("This release was never active: its evidence is made once it has been approved.")
    requested_by = User.objects.get(pk=actor.user_id or 0)
    pack = EvidencePack.objects.create(
        release=release, template=TEMPLATE, requested_by=requested_by, requested_at=now()
    )
    job = enqueue(actor=actor, kind=MAKE_PACK, subject=_subject(pack), arguments={"pack_id": pack.pk})
    pack.job_id = job.pk
    pack.save(update_fields=["job_id"])
    _append(actor, events.PACK_REQUESTED, pack)
    return pack


@transaction.atomic
def begin_pack(*, pack_id: int) -> PackOrder:
    """Freeze the snapshot: everything that the pack shows, and the checkpoint it stands on.

    Raises Conflict for a pack that has ended.
    """
    pack = _locked(pack_id)
    if pack.finished_at is not None:
        raise Conflict(f"{pack.name} has already ended.")
    document = assemble(pack)
    pack.state = PackState.RUNNING
    pack.checkpoint_size = document["ledger"]["checkpoint"]["size"]
    pack.save(update_fields=["state", "checkpoint_size"])
    _append(SYSTEM, events.PACK_STARTED, pack)
    return PackOrder(pack_id=pack.pk, snapshot=canonical_json(document))


def finish_pack(*, order: PackOrder, rendered: RenderedPack) -> None:
    """Store both files and close the pack; the bytes exist before the row names them.

    Raises Conflict for a pack that has ended.
    """
    snapshot = store_stream(iter([order.snapshot]), expected_sha256=rendered.content_digest)
    pdf = store_stream(iter([rendered.pdf]))
    with transaction.atomic():
        pack = _locked(order.pack_id)
        if pack.finished_at is not None:
            raise Conflict(f"{pack.name} has already ended: its files come too late.")
        for blob in (snapshot, pdf):
            hold(blob)
        pack.state = PackState.DONE
        pack.content_digest = rendered.content_digest
        pack.snapshot, pack.pdf = snapshot, pdf
        pack.finished_at = now()
        pack.save()
        _append(SYSTEM, events.PACK_MADE, pack)


@transaction.atomic
def fail_pack(*, pack_id: int, state: PackState, cause: str) -> None:
    """Close a pack that could not be made, with the reason in words; a finished pack stays as it is."""
    pack = _locked(pack_id)
    if pack.finished_at is not None:
        return
    pack.state, pack.cause, pack.finished_at = state, cause, now()
    pack.save()
    _append(SYSTEM, events.PACK_ERRORED, pack)


def _locked(pack_id: int) -> EvidencePack:
    rows = EvidencePack.objects.select_for_update(of=("self",)).select_related("release__model", "release__version")
    return rows.get(pk=pack_id)


def _subject(pack: EvidencePack) -> Subject:
    return Subject(type="pack", id=str(pack.pk), label=pack.name, team_id=pack.release.model.team_id)


def _append(actor: Actor, event: EventType, pack: EvidencePack) -> None:
    state: dict[str, Any] = pack.public_state()
    topics = (f"model:{pack.release.model_id}", f"release:{pack.release_id}")
    append(actor=actor, event=event, subject=_subject(pack), data=state, topics=topics)
