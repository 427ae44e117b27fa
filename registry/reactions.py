"""In the emitter's transaction: what a job worked for is closed when the job did not get to its end."""

from portal.jobs.choices import JobState
from portal.jobs.events import JOB_ENDED
from portal.ledger.catalogue import Event, reaction
from registry.choices import INSPECT_SNAPSHOT, INSPECT_VERSION
from registry.services import datasets, inspections


@reaction(JOB_ENDED)
def close_inspected(event: Event) -> None:
    """Close the version or snapshot of an inspection that ended otherwise than done."""
    if event.data["state"] == JobState.DONE:
        return
    if event.data["kind"] == INSPECT_VERSION:
        inspections.fail_inspection(actor=event.actor, version_id=int(event.data["subject_id"]), reason=_reason(event))
    elif event.data["kind"] == INSPECT_SNAPSHOT:
        datasets.fail_inspection(actor=event.actor, snapshot_id=int(event.data["subject_id"]), reason=_reason(event))


def _reason(event: Event) -> str:
    if event.data["state"] == JobState.CANCELLED:
        return "The inspection was cancelled."
    detail = (event.data["error"] or {}).get("detail", "The work ended without a result.")
    return f"The inspection did not come to an end. {detail}"
