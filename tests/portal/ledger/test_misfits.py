"""Rows written into the table of pending entries past the portal, as somebody with the app's password could."""

import copy
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection
from psycopg.types.json import Json

from portal.ledger import misfits
from portal.ledger.models import Entry, PendingEntry
from portal.ledger.sequencing import Connection, sequence_batch, something_pends
from portal.ledger.verification import verify_ledger
from tests.portal.ledger.cast import write

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
Connect = Callable[[str], Connection]
Change = Callable[[dict[str, Any]], object]
WHOLE: dict[str, Any] = {
    "v": 1,
    "id": "",
    "at": "2026-01-02T03:04:05.000006+00:00",
    "actor": {"id": "user:1", "kind": "user", "on_behalf_of": None},
    "event": "trial.thing.changed",
    "subject": {"type": "thing", "id": "1", "team": 1},
    "topics": ["model:1"],
    "data": {},
    "commitments": {},
}
NO_EVENTS: dict[str, Change] = {
    "empty": lambda one: one.clear(),
    "another's id": lambda one: one.update(id=str(uuid4())),
    "no time": lambda one: one.update(at="yesterday"),
    "a time that the log does not use": lambda one: one.update(at="2026-01-02T24:00:00.000000+00:00"),
    "a day that never was": lambda one: one.update(at="2026-02-30T00:00:00.000000+00:00"),
    "an event that is a number": lambda one: one.update(event=5),
    "no actor": lambda one: one.pop("actor"),
    "an actor that is text": lambda one: one.update(actor="user:1"),
    "no subject's id": lambda one: one["subject"].pop("id"),
    "a team that is text": lambda one: one["subject"].update(team="1"),
    "a team that is too large": lambda one: one["subject"].update(team=2**70),
    "a team that is half": lambda one: one["subject"].update(team=0.5),
    "topics that are text": lambda one: one.update(topics="model:1"),
    "a topic that is a number": lambda one: one["topics"].append(5),
    "a topic with NUL": lambda one: one["topics"].append("a\0b"),
    "data that are a list": lambda one: one.update(data=[]),
    "a commitment without its text": lambda one: one["commitments"].update(name="0" * 64),
}


def insert(own: Connection, payload: bytes, event_id: UUID, private: object = None) -> None:
    own.execute(
        "INSERT INTO ledger_pendingentry (event_id, payload, private) VALUES (%s, %s, %s)",
        [event_id, payload, None if private is None else Json(private)],
    )


def payload_of(change: Change = lambda _: None) -> tuple[bytes, UUID]:
    event_id = uuid4()
    document = copy.deepcopy(WHOLE) | {"id": str(event_id)}
    change(document)
    return json.dumps(document).encode(), event_id


def without_constraint(connect_as: Connect) -> Connection:
    """Return the app's connection to a database of before the constraint."""
    connect_as("owner").execute("ALTER TABLE ledger_pendingentry DROP CONSTRAINT ledger_pending_is_event")
    return connect_as("app")


def test_what_is_no_event_is_refused_where_it_is_written(connect_as: Connect, sequencer: Connection) -> None:
    app = connect_as("app")
    insert(app, *payload_of())
    for name, change in NO_EVENTS.items():
        with pytest.raises(psycopg.DatabaseError, match=r"."):
            insert(app, *payload_of(change))
        assert PendingEntry.objects.count() == 1, name
    for payload in (b"{}", b"5", b"[]", b"", b"\xff", b"{"):
        with pytest.raises(psycopg.DatabaseError):
            insert(app, payload, uuid4())
    assert sequence_batch(sequencer) == 1
    assert verify_ledger().intact


@pytest.mark.parametrize(
    "private",
    [
        {"name": {"salt": "00", "text": "Ann"}},
        {"name": {"salt": "zz", "text": "Ann"}},
        {"name": {"text": "Ann"}},
        {"name": "Ann"},
        {"other": {"salt": "00", "text": "Ann"}},
        [],
    ],
)
def test_private_text_that_is_not_what_was_committed_to_is_refused(connect_as: Connect, private: object) -> None:
    with pytest.raises(psycopg.DatabaseError):
        insert(connect_as("app"), *payload_of(lambda one: one["commitments"].update(name="0" * 64)), private)


def test_what_is_there_anyhow_stays_and_holds_up_no_other(
    connect_as: Connect, sequencer: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    app = without_constraint(connect_as)
    write(1)
    insert(app, b"{}", uuid4())
    insert(app, *payload_of(lambda one: one["subject"].update(team="none")))
    insert(app, b'{"data":' + b"[" * 5000 + b"]" * 5000 + b"}", uuid4())
    write(2)
    aside: set[int] = set()
    assert sequence_batch(sequencer, aside=aside) == 2
    assert len(aside) == 3
    assert not something_pends(sequencer, aside)
    assert something_pends(sequencer, set())
    assert sum("stays where it is" in message for message in caplog.messages) == 3
    write(3)
    assert sequence_batch(sequencer, aside=aside) == 1
    assert list(Entry.objects.order_by("index").values_list("index", "subject_id")) == [(0, "1"), (1, "2"), (2, "3")]
    assert set(PendingEntry.objects.values_list("order", flat=True)) == aside
    assert verify_ledger().intact


def test_more_of_them_than_a_batch_holds_up_no_other(connect_as: Connect, sequencer: Connection) -> None:
    app = without_constraint(connect_as)
    for _ in range(5):
        insert(app, b"{}", uuid4())
    write(1)
    assert sequence_batch(sequencer, limit=2) == 1


def test_event_written_a_second_time_is_not_ordered_again(connect_as: Connect, sequencer: Connection) -> None:
    first = write(1)
    [row] = PendingEntry.objects.all()
    insert(connect_as("app"), bytes(row.payload), UUID(first.id))
    assert sequence_batch(sequencer) == 1
    insert(connect_as("app"), bytes(row.payload), UUID(first.id))
    write(2)
    assert sequence_batch(sequencer) == 1
    assert Entry.objects.count() == 2
    with connection.cursor() as cursor:
        found = misfits.misfits(cursor, misfits.pending(cursor, 10))
    assert [one.reason for one in found] == [f"event {first.id} is in the log already"] * 2


def test_whole_event_is_no_misfit(connect_as: Connect) -> None:
    write(1, private={"name": "Ann"}, team=None)
    insert(connect_as("app"), *payload_of())
    with connection.cursor() as cursor:
        assert misfits.misfits(cursor, misfits.pending(cursor, 10)) == []


@pytest.mark.parametrize("name", [name for name in NO_EVENTS if "commitment" not in name and "data" not in name])
def test_reason_is_told(connect_as: Connect, name: str) -> None:
    app = without_constraint(connect_as)
    insert(app, *payload_of(NO_EVENTS[name]))
    with connection.cursor() as cursor:
        [found] = misfits.misfits(cursor, misfits.pending(cursor, 10))
    assert found.reason.startswith("its payload is ")
