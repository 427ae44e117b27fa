"""What has expired, and what was signed: computed at the moment of asking."""

from governance.models import ApprovalRequest
from governance.rules import quorum, requests
from portal.core.clock import now


def is_expired(request: ApprovalRequest) -> bool:
    """Whether the request is still open in its row, but its time has passed."""
    return state_now(request) == requests.EXPIRED


def state_now(request: ApprovalRequest) -> str:
    """Return the request's state at this moment: "expired" is computed, never stored."""
    return requests.state_at(request.state, request.expires_at, now())


def seat_rules(request: ApprovalRequest) -> list[quorum.SeatRule]:
    """Return the request's seats in order."""
    return [quorum.SeatRule(seat.position, seat.role, seat.meaning) for seat in request.seats.all()]


def signed(request: ApprovalRequest) -> list[quorum.Signed]:
    """Return what was signed on the request, in order."""
    rows = request.decisions.order_by("pk").values_list("seat__position", "signer_id", "verdict")
    return [quorum.Signed(*row) for row in rows]
