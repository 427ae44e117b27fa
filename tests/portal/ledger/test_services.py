import json

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from portal.core.canonical import canonical_json
from portal.core.errors import Conflict
from portal.ledger import services
from portal.ledger.catalogue import Event, Subject, reaction
from portal.ledger.models import PendingEntry
from tests.portal.ledger.cast import ANN, event_type, write
from tests.portal.ledger.replay import replayed


@pytest.mark.django_db(transaction=True)
def test_event_outside_a_transaction_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="outside a transaction"):
        services.append(actor=ANN, event=event_type(), subject=Subject("thing", "1", "a"), data={})
    assert not PendingEntry.objects.exists()


@pytest.mark.django_db
def test_payload_is_canonical_and_says_who_what_and_about_what() -> None:
    heard = write(7, topics=["model:3", "model:3", "release:4"], private={"reason": "because of Ann"})
    row = PendingEntry.objects.get()
    document = json.loads(bytes(row.payload))
    assert canonical_json(document) == bytes(row.payload)
    assert document == {
        "v": 1,
        "id": heard.id,
        "at": heard.at.isoformat(timespec="microseconds"),
        "actor": {"id": "user:1", "kind": "user", "on_behalf_of": None},
        "event": "trial.thing.changed",
        "subject": {"type": "thing", "id": "7", "team": 1},
        "topics": ["model:3", "release:4"],
        "data": {"number": 7},
        "commitments": document["commitments"],
    }
    assert row.private is not None
    kept = row.private["reason"]
    assert kept["text"] == "because of Ann"
    assert document["commitments"] == {"reason": services.commitment(bytes.fromhex(kept["salt"]), "because of Ann")}
    assert b"because" not in bytes(row.payload)
    assert b"Ann" not in bytes(row.payload)


@pytest.mark.django_db
def test_same_text_has_another_commitment_each_time() -> None:
    for _ in range(2):
        write(private={"name": "Ann"})
    first, second = [json.loads(bytes(row.payload))["commitments"]["name"] for row in PendingEntry.objects.all()]
    assert first != second


@pytest.mark.django_db
def test_change_that_is_rolled_back_leaves_no_event() -> None:
    with pytest.raises(Conflict):
        _write_and_fail()
    assert not PendingEntry.objects.exists()


@pytest.mark.django_db
def test_reactions_run_in_order_in_the_transaction_and_their_refusal_undoes_the_change() -> None:
    heard: list[str] = []

    @reaction(event_type())
    def first(event: Event) -> None:
        heard.append(f"first {event.subject.id} {event.actor.name}")
        assert connection.in_atomic_block

    @reaction(event_type())
    def second(event: Event) -> None:
        heard.append("second")
        if event.data["number"] == 2:
            raise Conflict("two is refused")

    write(1)
    with pytest.raises(Conflict, match="two is refused"):
        write(2)
    assert heard == ["first 1 Ann", "second", "first 2 Ann", "second"]
    assert list(replayed("thing")) == ["1"]


@pytest.mark.django_db
@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), 2**60, "\ud800"])
def test_data_that_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (several libraries' words)
        write(data={"x": value})


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "a\0b", "x" * 201])
def test_names_that_the_sequencer_could_not_store_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="can not name"):
        write(topics=[name])
    with pytest.raises(ValueError, match="can not name"):
        write(private={name: "text"})
    with pytest.raises(ValueError, match="NUL"):
        write(private={"field": "a\0b"})


@pytest.mark.django_db
def test_replay_says_the_newest_state_of_each_subject() -> None:
    write(1, data={"state": "draft"})
    write(2, data={"state": "draft"})
    write(1, data={"state": "sealed"})
    assert replayed("thing") == {"1": {"state": "sealed"}, "2": {"state": "draft"}}


@given(st.binary(min_size=32, max_size=32), st.text())
def test_commitment_hides_the_text_and_binds_to_it(salt: bytes, text: str) -> None:
    assert services.commitment(salt, text) != services.commitment(salt, text + "x")
    assert len(services.commitment(salt, text)) == 64


@transaction.atomic
def _write_and_fail() -> None:
    write(3)
    raise Conflict("no")
