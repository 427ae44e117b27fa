from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.core.actors import SYSTEM
from portal.overviews.data import datasets_table, snapshot_uses
from tests.factories.accounts import actor_with
from tests.factories.monitoring import RunFactory
from tests.factories.registry import DatasetFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


def test_datasets_are_listed_with_their_snapshots_counted() -> None:
    snapshot = SnapshotFactory.create()
    newest = SnapshotFactory.create(dataset=snapshot.dataset)
    empty = DatasetFactory.create()
    rows: Any = datasets_table(SYSTEM).order_by("pk")
    counted = [(row.slug, row.snapshot_count, row.newest_at) for row in rows]
    assert counted == [(snapshot.dataset.slug, 2, newest.created_at), (empty.slug, 0, None)]


def test_a_query_keeps_what_holds_it() -> None:
    DatasetFactory.create(slug="flights")
    DatasetFactory.create(slug="weather")
    assert [row.slug for row in datasets_table(SYSTEM, query="LIGHT")] == ["flights"]


def test_another_teams_datasets_are_not_listed() -> None:
    dataset = DatasetFactory.create()
    assert list(datasets_table(actor_with(Role.VIEWER, team=DatasetFactory.create().team), query=dataset.slug)) == []


def test_what_rests_on_a_snapshot_is_named() -> None:
    run = RunFactory.create()
    held_out, trained_on = run.plan.held_out, run.version.training_run.training_snapshot
    assert list(snapshot_uses(SYSTEM, held_out).plans) == [run.plan]
    assert list(snapshot_uses(SYSTEM, held_out).validated) == [run.version]
    assert list(snapshot_uses(SYSTEM, trained_on).trained) == [run.version]
    assert list(snapshot_uses(SYSTEM, trained_on).validated) == []


def test_uses_by_other_teams_are_not_named() -> None:
    run = RunFactory.create()
    uses = snapshot_uses(actor_with(Role.VIEWER, team=DatasetFactory.create().team), run.plan.held_out)
    assert (list(uses.trained), list(uses.plans), list(uses.validated)) == ([], [], [])
