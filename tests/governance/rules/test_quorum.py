from hypothesis import given
from hypothesis import strategies as st

from governance.choices import RequestState, Verdict
from governance.rules.quorum import SeatRule, Signed, free_seats, seats_for, state_after

SEATS = [SeatRule(1, "sign", "review"), SeatRule(2, "sign", "approval")]
signatures = st.lists(
    st.builds(Signed, st.integers(1, 2), st.integers(1, 3), st.sampled_from([str(one) for one in Verdict])), max_size=4
)


def test_approved_takes_an_approval_on_every_seat_by_as_many_people() -> None:
    assert state_after(SEATS, []) == RequestState.OPEN
    assert state_after(SEATS, [Signed(1, 5, "approve")]) == RequestState.OPEN
    assert state_after(SEATS, [Signed(1, 5, "approve"), Signed(2, 5, "approve")]) == RequestState.OPEN
    assert state_after(SEATS, [Signed(1, 5, "approve"), Signed(2, 6, "approve")]) == RequestState.APPROVED


def test_request_without_seats_is_never_approved() -> None:
    assert state_after([], [Signed(1, 5, "approve")]) == RequestState.OPEN


@given(signatures)
def test_one_reject_beats_any_number_of_approvals(signed: list[Signed]) -> None:
    assert state_after(SEATS, [*signed, Signed(1, 9, "reject")]) == RequestState.REJECTED


@given(signatures)
def test_nothing_but_distinct_approvals_on_all_seats_approves(signed: list[Signed]) -> None:
    if state_after(SEATS, signed) == RequestState.APPROVED:
        assert {one.verdict for one in signed} == {"approve"}
        assert {one.position for one in signed} == {1, 2}
        assert len({one.signer_id for one in signed}) >= 2


def test_free_seats_are_those_without_a_signature_that_one_can_fill() -> None:
    assert free_seats(SEATS, [Signed(1, 5, "approve")]) == [SEATS[1]]
    assert seats_for(SEATS, [], ["sign"]) == SEATS
    assert seats_for(SEATS, [], ["read"]) == []
