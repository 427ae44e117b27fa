"""What the database refuses of the lineage, whoever asks."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from registry.choices import SnapshotState
from tests.factories.lineage import LineageEdgeFactory, LineageEventFactory, LineageRunFactory
from tests.factories.registry import RegisteredModelFactory, SnapshotFactory, VersionFactory
from tests.registry.migrations.test_0002_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_what_was_said_never_changes() -> None:
    version = VersionFactory.create()
    edge = LineageEdgeFactory.create(
        team=version.model.team, upstream_version=version, downstream_snapshot=SnapshotFactory.create()
    )
    assert refused(edge, team=RegisteredModelFactory.create().team)
    assert refused(LineageEventFactory.create(), unread=[])


def test_a_run_that_ended_does_not_begin_again_and_keeps_its_name() -> None:
    run = LineageRunFactory.create()
    assert refused(run, state="running")
    assert refused(run, run_id="0197e0a1-4c3b-7f00-8000-000000000009")
    assert not refused(run, hardware="8 cores")
    assert refused(LineageRunFactory.create(state="started"), state="named")
    assert not refused(LineageRunFactory.create(state="started"), state="failed")


def test_a_snapshot_by_reference_stays_as_it_was_told() -> None:
    snapshot = SnapshotFactory.create(state=SnapshotState.REFERENCED, blob=None, sha256="a" * 64, size=None)
    assert refused(snapshot, rows=7)
    with pytest.raises(IntegrityError), transaction.atomic():
        snapshot.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        SnapshotFactory.create(
            state=SnapshotState.REFERENCED, blob=None, sha256="a" * 64, size=None, dataset=snapshot.dataset
        )


@pytest.mark.parametrize("ends", ["", "upstream_version", "downstream_version", "upstream_version downstream_version",
                                  "upstream_version upstream_model downstream_snapshot"])  # fmt: skip
def test_an_edge_has_one_thing_at_each_end_and_joins_nothing_with_itself(ends: str) -> None:
    version = VersionFactory.create()
    things: dict[str, Any] = {"version": version, "model": version.model, "snapshot": SnapshotFactory.create()}
    columns = {end: things[end.partition("_")[2]] for end in ends.split()}
    with pytest.raises(IntegrityError), transaction.atomic():
        LineageEdgeFactory.create(team=version.model.team, **columns)


def test_an_edge_stands_once() -> None:
    version = VersionFactory.create()
    columns = {"team": version.model.team, "upstream_version": version, "downstream_snapshot": SnapshotFactory.create()}
    LineageEdgeFactory.create(**columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        LineageEdgeFactory.create(**columns)
