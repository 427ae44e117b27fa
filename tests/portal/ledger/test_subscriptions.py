from datetime import timedelta

import pytest

from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.core.errors import Forbidden, NotFound
from portal.ledger import subscriptions
from portal.ledger.catalogue import Event, subscriber
from portal.ledger.models import Cursor
from portal.ledger.sequencing import Connection, sequence_batch
from tests.portal.ledger.cast import ANN, event_type, write, write_many

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def test_subscriber_hears_its_events_once_each_in_order(sequencer: Connection) -> None:
    heard: list[str] = []
    subscriber(event_type())(lambda event: heard.append(event.subject.id))
    write_many(5)
    write(9, name="trial.other.changed")
    assert subscriptions.deliver() == 0
    sequence_batch(sequencer)
    assert subscriptions.deliver(limit=3) == 3
    assert subscriptions.deliver() == 2
    assert subscriptions.deliver() == 0
    assert heard == ["0", "1", "2", "3", "4"]


def test_event_comes_back_as_it_was_but_without_grants_and_names(sequencer: Connection) -> None:
    heard: list[Event] = []
    subscriber(event_type())(heard.append)
    sent = write(4, topics=["model:1"])
    sequence_batch(sequencer)
    subscriptions.deliver()
    got = heard[0]
    assert (got.id, got.type, got.at, got.data, got.topics) == (sent.id, sent.type, sent.at, sent.data, sent.topics)
    assert (got.actor.id, got.actor.user_id, got.actor.grants, got.actor.interactive) == (
        "user:1",
        1,
        frozenset(),
        False,
    )
    assert (got.subject.type, got.subject.id, got.subject.team_id) == ("thing", "4", 1)


def test_failing_subscriber_blocks_no_other_waits_longer_and_is_parked(sequencer: Connection) -> None:
    heard: list[str] = []

    @subscriber(event_type())
    def broken(event: Event) -> None:
        write(100 + int(event.subject.id), name="trial.echo.made")
        raise RuntimeError("out of order")

    @subscriber(event_type())
    def works(event: Event) -> None:
        heard.append(event.subject.id)

    write_many(2)
    sequence_batch(sequencer)
    waits = []
    for attempt in range(1, subscriptions.ATTEMPTS + 1):
        subscriptions.deliver()
        row = Cursor.objects.get(failures__gt=0)
        assert row.failures == attempt
        if row.retry_at:
            waits.append(row.retry_at - now())
            assert subscriptions.deliver() == 0
            assert Cursor.objects.get(pk=row.pk).failures == attempt
            Cursor.objects.filter(pk=row.pk).update(retry_at=now())
    assert heard == ["0", "1"]
    assert waits == sorted(waits)
    assert row.parked_at is not None
    assert row.position == 0
    assert row.reason == "RuntimeError: out of order"
    assert sequence_batch(sequencer) == 0  # what the failing listener wrote was rolled back with it


def test_clock_that_is_set_back_makes_no_subscriber_wait_longer(sequencer: Connection) -> None:
    heard: list[str] = []
    subscriber(event_type())(lambda event: heard.append(event.subject.id))
    write(1)
    sequence_batch(sequencer)
    subscriptions.deliver()
    write(2)
    sequence_batch(sequencer)
    Cursor.objects.update(failures=1, retry_at=now() + subscriptions.FIRST_WAIT)
    assert subscriptions.deliver() == 0
    Cursor.objects.update(retry_at=now() + timedelta(hours=1))  # told an hour before the clock was set back by one
    assert subscriptions.deliver() == 1
    assert heard == ["1", "2"]


def test_parked_subscriber_goes_on_where_it_stopped_when_resumed(sequencer: Connection) -> None:
    heard: list[str] = []
    broken = True

    @subscriber(event_type())
    def listener(event: Event) -> None:
        if broken and event.subject.id == "1":
            raise RuntimeError
        heard.append(event.subject.id)

    write_many(3)
    sequence_batch(sequencer)
    subscriptions.deliver()
    name = Cursor.objects.get().name
    Cursor.objects.update(parked_at=now(), retry_at=None)
    assert subscriptions.deliver() == 0
    broken = False
    with pytest.raises(Forbidden):
        subscriptions.resume(actor=ANN, name=name)
    with pytest.raises(NotFound):
        subscriptions.resume(actor=SYSTEM, name="nobody")
    subscriptions.resume(actor=SYSTEM, name=name)
    assert subscriptions.deliver() == 2
    assert heard == ["0", "1", "2"]


def test_cursor_moves_past_what_does_not_concern_it(sequencer: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "SKIPPED_WORTH_WRITING", 10)
    subscriber(event_type("trial.rare.happened"))(lambda _: None)
    write_many(20)
    sequence_batch(sequencer)
    subscriptions.deliver()
    assert Cursor.objects.get().position == 20
