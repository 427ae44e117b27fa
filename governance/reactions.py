"""In the emitter's transaction: what changes a covered part voids the open requests that cover it (invariant 3)."""

from governance.choices import RequestState
from governance.models import ApprovalRequest
from governance.services.requests import void_request
from monitoring.events import RUN_FINISHED
from portal.core.clock import now
from portal.core.errors import Conflict
from portal.ledger.catalogue import Event, reaction
from registry.events import (
    CARD_PUBLISHED,
    DOCUMENT_RECEIVED,
    DOCUMENT_WITHDRAWN,
    FINDING_CLOSED,
    FINDING_RAISED,
    FINDING_REOPENED,
    FINDING_SEVERITY_CHANGED,
    MODEL_RETIRED,
    MODEL_TIER_RAISED,
    RELEASE_ACTIVATED,
    VERSION_QUARANTINED,
    VERSION_WITHDRAWN,
)


@reaction(
    CARD_PUBLISHED,
    DOCUMENT_RECEIVED,
    DOCUMENT_WITHDRAWN,
    FINDING_CLOSED,
    FINDING_RAISED,
    FINDING_REOPENED,
    FINDING_SEVERITY_CHANGED,
    MODEL_TIER_RAISED,
    RELEASE_ACTIVATED,
    RUN_FINISHED,
    VERSION_QUARANTINED,
    VERSION_WITHDRAWN,
)
def void_requests(event: Event) -> None:
    """Void each open request of the model of which a part has another digest now.

    Another version in production counts: the comparison that people would sign was made with the former one.
    """
    model_id = int(event.data["model"])
    open_ones = ApprovalRequest.objects.filter(release__model_id=model_id, state=RequestState.OPEN)
    for request in open_ones.select_related("release").order_by("pk"):
        void_request(actor=event.actor, request=request, event=event.type.name)


@reaction(MODEL_RETIRED)
def refuse_to_retire_under_review(event: Event) -> None:
    """Raise Conflict where a request of the model is open: an approval would let a retired model decide."""
    waiting = ApprovalRequest.objects.filter(
        release__model_id=int(event.data["model"]), state=RequestState.OPEN, expires_at__gt=now()
    ).first()
    if waiting is not None:
        raise Conflict(f"Request #{waiting.pk} is open. It is decided or withdrawn before the model is retired.")
