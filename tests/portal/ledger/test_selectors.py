import base64
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from portal.core.clock import now
from portal.core.errors import NotFound
from portal.ledger import merkle, notes, selectors
from portal.ledger.selectors import EntryFilter
from portal.ledger.sequencing import Connection, sequence_batch
from tests.portal.ledger.cast import ANN, AUDITOR, write, write_many

pytestmark = pytest.mark.django_db(transaction=True)


def test_pages_go_from_the_newest_entry_to_the_oldest(sequencer: Connection) -> None:
    write_many(7)
    sequence_batch(sequencer)
    seen: list[int] = []
    before: int | None = None
    for _ in range(3):
        page = selectors.entries(ANN, before=before, limit=3)
        seen += [row.index for row in page.rows]
        before = page.next_before
    assert seen == [6, 5, 4, 3, 2, 1, 0]
    assert before is None


def test_people_see_their_teams_entries_and_auditors_all(sequencer: Connection) -> None:
    write(0, team=1)
    write(1, team=2)
    write(2, team=None)
    sequence_batch(sequencer)
    assert [row.index for row in selectors.entries(ANN).rows] == [0]
    assert [row.index for row in selectors.entries(AUDITOR).rows] == [2, 1, 0]
    for index in (1, 2):
        with pytest.raises(NotFound):
            selectors.entry(ANN, index)
        with pytest.raises(NotFound):
            selectors.proof_for(ANN, index)


def test_filters_narrow_the_page(sequencer: Connection) -> None:
    write(0, topics=["model:1", "release:2"], private={"note": "text"})
    write(1, name="trial.other.changed", actor=AUDITOR)
    sequence_batch(sequencer)

    def found(**wanted: object) -> list[int]:
        return [row.index for row in selectors.entries(AUDITOR, EntryFilter(**wanted)).rows]  # type: ignore[arg-type]

    assert found(topic="release:2") == found(event="trial.thing.changed") == found(actor_id="user:1") == [0]
    assert found(subject_type="thing", subject_id="1") == [1]
    assert found(since=now()) == []
    assert found(until=now()) == [1, 0]
    assert selectors.entry(ANN, 0).private == {"note": "text"}
    assert selectors.entry(ANN, 0).sentence == "changed a thing"
    assert [row.index for row in selectors.entries_about(ANN, topic="model:1")] == [0]


def test_proof_of_every_entry_leads_to_the_signed_root(sequencer: Connection, settings: Settings) -> None:
    for start, count in ((0, 200), (200, 400)):
        write_many(count, start=start)
        sequence_batch(sequencer)
    key = notes.load_key(settings.KEYS_DIR / "checkpoint.key").public_key()
    for index, size in ((0, None), (199, 200), (255, None), (256, None), (599, None)):
        bundle = selectors.proof_for(ANN, index, size=size)
        body = notes.parse_checkpoint(notes.verify(bundle["checkpoint"], name=bundle["origin"], key=key))
        assert merkle.verify_inclusion(
            leaf=merkle.leaf_hash(base64.b64decode(bundle["payload"])),
            index=bundle["leaf_index"],
            size=body.size,
            proof=[base64.b64decode(part) for part in bundle["proof"]],
            root_hash=body.root,
        )
    with pytest.raises(NotFound, match="does not cover entry 300"):
        selectors.proof_for(ANN, 300, size=200)


def test_consistency_of_two_checkpoints_can_be_proved(sequencer: Connection) -> None:
    heads = []
    for start, count in ((0, 100), (100, 300)):
        write_many(count, start=start)
        sequence_batch(sequencer)
        heads.append(selectors.head())
    old, new = heads
    assert old is not None
    assert new is not None
    proof = selectors.consistency_between(old.size, new.size)
    assert merkle.verify_consistency(old=100, new=400, proof=proof, old_root=old.root, new_root=new.root)


def test_state_at_an_instant_is_what_the_newest_entry_before_it_says(sequencer: Connection) -> None:
    start = now()
    first = write(1, data={"state": "draft"})
    second = write(1, data={"state": "sealed"})
    sequence_batch(sequencer)

    def state(instant: object) -> object:
        found = selectors.state_at(ANN, subject_type="thing", subject_id="1", instant=instant)  # type: ignore[arg-type]
        return found and found.data["state"]

    assert state(start - timedelta(seconds=1)) is None
    assert state(first.at) == "draft"
    assert state(second.at) == "sealed"


def test_page_takes_as_many_queries_for_many_entries_as_for_few(
    sequencer: Connection, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    write_many(40)
    sequence_batch(sequencer)
    with django_assert_num_queries(2, connection=connection):  # type: ignore[operator]
        selectors.entries(ANN)


def test_health_says_what_waits(sequencer: Connection) -> None:
    write_many(2)
    sequence_batch(sequencer)
    write(3)
    health = selectors.health()
    assert (health.size, health.pending, health.failing) == (2, 1, ())
