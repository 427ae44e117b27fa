import pytest

from portal.core.traces import (
    MOST_EVENTS,
    Trace,
    current,
    note_event,
    note_heard,
    note_user,
    request_id_from,
    traced,
    user_id_of,
)  # fmt: skip


def test_a_trace_is_known_until_its_block_ends() -> None:
    with traced(Trace(request_id="outer")):
        with traced(Trace(job_id=3)):
            note_user(7)
            note_heard(9, "e9")
            inner = current()
        outer = current()
    assert inner == Trace(job_id=3, user_id=7, entry=9, event_id="e9")
    assert outer == Trace(request_id="outer")
    assert current() is None


def test_outside_of_a_trace_nothing_is_kept() -> None:
    note_user(7)
    note_event("e1")
    assert current() is None


def test_only_the_first_events_are_kept() -> None:
    with traced(Trace()) as trace:
        for number in range(MOST_EVENTS + 5):
            note_event(f"e{number}")
    assert len(trace.events) == MOST_EVENTS


@pytest.mark.parametrize("given", ["0192b3c4-abcd", "a.b_c-d1", "x" * 64])
def test_a_well_formed_id_is_kept(given: str) -> None:
    assert request_id_from(given) == given


@pytest.mark.parametrize(
    "given", [None, "", "short", "x" * 65, "with space1", "new\nline12", "ümlaut-123", '"quoted"1']
)
def test_another_id_is_made_instead_of_a_malformed_one(given: str | None) -> None:
    made = request_id_from(given)
    assert made != given
    assert request_id_from(made) == made


def test_a_user_has_a_number_and_the_system_none() -> None:
    assert [user_id_of(actor) for actor in ("user:12", "system", "service:4", "user:")] == [12, None, None, None]
