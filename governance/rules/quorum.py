"""Who may fill which seat, and what the signatures of a request come to (invariants 6 and 7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.choices import RequestState, Verdict


@dataclass(frozen=True)
class SeatRule:
    """A line to sign on: which capability fills it, and what the signature means."""

    position: int
    capability: str
    meaning: str


@dataclass(frozen=True)
class Signed:
    """A decision as the rule sees it."""

    position: int
    signer_id: int
    verdict: str


def free_seats(seats: Sequence[SeatRule], signed: Sequence[Signed]) -> list[SeatRule]:
    """Return the seats on which nobody signed, in order."""
    taken = {one.position for one in signed}
    return [seat for seat in seats if seat.position not in taken]


def seats_for(seats: Sequence[SeatRule], signed: Sequence[Signed], capabilities: Iterable[str]) -> list[SeatRule]:
    """Return the free seats that someone with these capabilities can fill."""
    held = set(capabilities)
    return [seat for seat in free_seats(seats, signed) if seat.capability in held]


def state_after(seats: Sequence[SeatRule], signed: Sequence[Signed]) -> RequestState:
    """Return the state that the signatures make.

    One reject beats any number of approvals, then one wish for changes does. Approved takes an approval on every
    seat, of as many people as there are seats; a request without seats is never approved.
    """
    verdicts = {one.verdict for one in signed}
    if Verdict.REJECT in verdicts:
        return RequestState.REJECTED
    if Verdict.REQUEST_CHANGES in verdicts:
        return RequestState.CHANGES_REQUESTED
    approvals = {one.position: one.signer_id for one in signed if one.verdict == Verdict.APPROVE}
    filled = bool(seats) and all(seat.position in approvals for seat in seats)
    distinct = len({approvals[seat.position] for seat in seats if seat.position in approvals}) == len(seats)
    return RequestState.APPROVED if filled and distinct else RequestState.OPEN
