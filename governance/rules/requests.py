"""The life of an approval request as a table; expiry is computed, never stored."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from governance.choices import RequestState

EXPIRED = "expired"
"""Computed: an open request whose time has passed."""


class Move(StrEnum):
    """What can be done to a request."""

    SIGN = "sign"
    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"
    WITHDRAW = "withdraw"
    VOID = "void"


MOVES: Mapping[tuple[str, Move], RequestState] = {
    (RequestState.OPEN, Move.SIGN): RequestState.OPEN,
    (RequestState.OPEN, Move.APPROVE): RequestState.APPROVED,
    (RequestState.OPEN, Move.REJECT): RequestState.REJECTED,
    (RequestState.OPEN, Move.REQUEST_CHANGES): RequestState.CHANGES_REQUESTED,
    (RequestState.OPEN, Move.WITHDRAW): RequestState.WITHDRAWN,
    (RequestState.OPEN, Move.VOID): RequestState.VOIDED,
}
"""Every move that is allowed; any other pair is refused."""

WORDS: Mapping[str, str] = {
    RequestState.OPEN: "is open",
    RequestState.APPROVED: "has been approved",
    RequestState.REJECTED: "has been rejected",
    RequestState.CHANGES_REQUESTED: "was sent back for changes",
    RequestState.WITHDRAWN: "was withdrawn",
    RequestState.VOIDED: "is void: what it covered has changed",
    EXPIRED: "has expired",
}


def state_at(state: str, expires_at: datetime, at: datetime) -> str:
    """Return the state at an instant: "expired" for an open request whose time has passed."""
    return EXPIRED if state == RequestState.OPEN and at >= expires_at else state


def after(state: str, move: Move) -> RequestState | None:
    """Return the state after the move, or None where it is not allowed."""
    return MOVES.get((state, move))


def expiry(*, opened_at: datetime, expires_after_days: int, run_finished_at: datetime, evidence_days: int) -> datetime:
    """Return when the request expires: after the policy's days, or once its evidence is stale, whichever is first."""
    return min(opened_at + timedelta(days=expires_after_days), run_finished_at + timedelta(days=evidence_days))
