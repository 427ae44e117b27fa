"""Erasing the rows of snapshots: the bytes go for good; digest, profile and results remain, marked."""

from django.db import transaction
from django.db.models import ProtectedError

from portal.blobs import services as blobs
from portal.blobs.models import Blob
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Forbidden, Invalid
from registry.choices import SnapshotState
from registry.errors import BytesInUse, NotUsable
from registry.events import SNAPSHOT_ERASED
from registry.models import DatasetSnapshot
from registry.rules.erasure import erasure_problems
from registry.services.datasets import record_snapshot
from registry.services.rows import author_of

HELD = "The same bytes are held by something that you may not erase: they can't go without it."


@transaction.atomic
def erase_snapshot(*, actor: Actor, snapshot: DatasetSnapshot, typed: str, reason: str) -> list[DatasetSnapshot]:
    """Erase the rows of a snapshot, and of every other one of the same bytes; `typed` repeats its name.

    Only a person in a browser session does it. Raises Forbidden, Invalid, NotUsable for one that holds no bytes or is
    being inspected, and BytesInUse where something holds the same bytes that the person may not erase.
    """
    actor.require("erase_data", snapshot.dataset.team_id)
    if not actor.interactive:
        raise Forbidden("Rows are erased by a person, signed in in the browser.", code="browser_session_required")
    if problems := erasure_problems(name=str(snapshot), typed=typed, reason=reason):
        raise Invalid("Nothing was erased; see the fields.", fields=problems)
    rows = _locked_alike(snapshot)
    if any(not actor.may("erase_data", row.dataset.team_id) for row in rows):
        raise BytesInUse(HELD)
    sha256, at = rows[0].sha256, now()
    for row in rows:
        row.blob, row.erased_at, row.erased_by_id, row.erasure_reason = None, at, author_of(actor), reason.strip()
        row.save(update_fields=["blob", "erased_at", "erased_by", "erasure_reason"])
    try:
        with transaction.atomic():
            blobs.erase(sha256)
    except ProtectedError:
        raise BytesInUse(HELD) from None
    for row in rows:
        record_snapshot(row, actor=actor, event=SNAPSHOT_ERASED)
    return rows


def _locked_alike(snapshot: DatasetSnapshot) -> list[DatasetSnapshot]:
    """Lock the bytes, then all snapshots of them; plans and runs may name these meanwhile."""
    blob = Blob.objects.select_for_update().filter(pk=snapshot.sha256).first()
    alike = DatasetSnapshot.objects.select_for_update(of=("self",), no_key=True).select_related("dataset")
    rows = list(alike.filter(blob=blob).order_by("pk")) if blob is not None else []
    if snapshot.pk not in {row.pk for row in rows}:
        raise NotUsable(f"{snapshot} holds no bytes: there is nothing to erase.")
    waiting = next((row for row in rows if row.state == SnapshotState.INSPECTING), None)
    if waiting is not None:
        raise NotUsable(f"{waiting} is being inspected: wait until that is over.")
    return rows
