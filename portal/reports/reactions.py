"""A pack whose job was lost, errored or cancelled is closed in the same transaction."""

from portal.jobs.events import JOB_ENDED
from portal.ledger.catalogue import Event, reaction
from portal.reports.choices import MAKE_PACK, PackState
from portal.reports.models import EvidencePack
from portal.reports.services import fail_pack


@reaction(JOB_ENDED)
def close_pack(event: Event) -> None:
    """Close the pack of a job that ended otherwise than done."""
    if event.data["kind"] != MAKE_PACK or event.data["state"] == "done":
        return
    state = PackState.CANCELLED if event.data["state"] == "cancelled" else PackState.ERRORED
    error = event.data.get("error") or {}
    cause = str(error.get("detail") or "The job ended without a result.")
    for pack in EvidencePack.objects.filter(job_id=int(event.subject.id)):
        fail_pack(pack_id=pack.pk, state=state, cause=cause)
