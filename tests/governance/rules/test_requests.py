from datetime import UTC, datetime, timedelta

import pytest

from governance.choices import RequestState
from governance.rules.requests import EXPIRED, MOVES, WORDS, Move, after, expiry, state_at

AT = datetime(2026, 11, 1, tzinfo=UTC)
STATES = [*RequestState.values, EXPIRED]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("move", list(Move))
def test_every_pair_of_state_and_move_is_allowed_or_refused_as_the_table_says(state: str, move: Move) -> None:
    expected = {
        Move.SIGN: RequestState.OPEN,
        Move.APPROVE: RequestState.APPROVED,
        Move.REJECT: RequestState.REJECTED,
        Move.REQUEST_CHANGES: RequestState.CHANGES_REQUESTED,
        Move.WITHDRAW: RequestState.WITHDRAWN,
        Move.VOID: RequestState.VOIDED,
    }
    assert after(state, move) == (expected[move] if state == RequestState.OPEN else None)
    assert len(MOVES) == len(expected)


def test_every_state_can_be_told_in_words() -> None:
    assert set(WORDS) == set(STATES)


def test_only_an_open_request_expires_and_does_so_at_the_instant() -> None:
    assert state_at("open", AT, AT - timedelta(microseconds=1)) == "open"
    assert state_at("open", AT, AT) == EXPIRED
    assert state_at("approved", AT, AT + timedelta(days=9)) == "approved"


def test_request_never_outlives_its_evidence() -> None:
    def days(run_age: int) -> int:
        found = expiry(
            opened_at=AT, expires_after_days=14, run_finished_at=AT - timedelta(days=run_age), evidence_days=30
        )
        return (found - AT).days

    assert (days(0), days(16), days(20)) == (14, 14, 10)
