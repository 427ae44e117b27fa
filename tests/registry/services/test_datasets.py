import pytest

from portal.accounts.models import Team
from portal.blobs.models import Blob
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Forbidden, Invalid
from portal.jobs.models import Job
from registry.choices import INSPECT_SNAPSHOT
from registry.errors import DigestMismatch, SlugTaken, SnapshotExists
from registry.models import Dataset, DatasetSnapshot
from registry.runners.inspection import Inspection, Verdict
from registry.services.datasets import (
    add_snapshot,
    begin_inspection,
    fail_inspection,
    finish_inspection,
    register_dataset,
)
from tests.factories.registry import BlobFactory, DatasetFactory
from tests.portal.ledger.replay import replayed

READ = Inspection(
    Verdict.ACCEPTED,
    "",
    detected="csv",
    media_type="text/csv",
    details={
        "rows": 3,
        "columns": [{"name": "x", "type": "double"}],
        "period": {"from": "2026-01-01", "to": "2026-01-31"},
    },
)


@pytest.fixture
def dataset(team: Team) -> Dataset:
    made: Dataset = DatasetFactory.create(team=team)
    return made


@pytest.fixture
def blob(db: None) -> Blob:
    made: Blob = BlobFactory.create()
    return made


def received(actor: Actor, dataset: Dataset, blob: Blob) -> DatasetSnapshot:
    return add_snapshot(actor=actor, dataset=dataset, blob=blob, declared_sha256=blob.pk, time_column="day")


def test_a_dataset_is_registered_once(developer: Actor, viewer: Actor, team: Team) -> None:
    dataset = register_dataset(actor=developer, slug="flights", name="Flights", description="All of 2013", team=team)
    assert replayed("dataset") == {str(dataset.pk): dataset.public_state()}
    with pytest.raises(SlugTaken):
        register_dataset(actor=developer, slug="flights", name="Flights", team=team)
    with pytest.raises(Invalid):
        register_dataset(actor=developer, slug="a b", name="", team=team)
    with pytest.raises(Forbidden):
        register_dataset(actor=viewer, slug="other", name="Other", team=team)


def test_a_snapshot_waits_for_inspection(developer: Actor, dataset: Dataset, blob: Blob) -> None:
    snapshot = received(developer, dataset, blob)
    assert (snapshot.number, snapshot.state, snapshot.sha256, snapshot.rows) == (1, "inspecting", blob.pk, None)
    job = Job.objects.get()
    assert (job.kind, job.arguments, job.subject_id) == (
        INSPECT_SNAPSHOT,
        {"snapshot_id": snapshot.pk},
        str(snapshot.pk),
    )
    assert replayed("snapshot") == {str(snapshot.pk): snapshot.public_state()}


def test_bytes_that_were_not_declared_are_refused(developer: Actor, dataset: Dataset, blob: Blob) -> None:
    with pytest.raises(DigestMismatch, match=blob.pk) as refused:
        add_snapshot(actor=developer, dataset=dataset, blob=blob, declared_sha256="0" * 64)
    assert "0" * 64 in refused.value.message
    assert not Job.objects.exists()


def test_long_names_of_time_columns_are_refused(developer: Actor, dataset: Dataset, blob: Blob) -> None:
    with pytest.raises(Invalid) as refused:
        add_snapshot(actor=developer, dataset=dataset, blob=blob, declared_sha256=blob.pk, time_column="d" * 300)
    assert set(refused.value.fields) == {"time_column"}


def test_only_those_who_may_upload_do(viewer: Actor, stranger: Actor, dataset: Dataset, blob: Blob) -> None:
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            received(actor, dataset, blob)


def test_the_same_bytes_are_taken_once_and_the_answer_names_the_snapshot(
    developer: Actor, dataset: Dataset, blob: Blob
) -> None:
    received(developer, dataset, blob)
    with pytest.raises(SnapshotExists, match="as snapshot 1"):
        received(developer, dataset, blob)
    assert received(developer, DatasetFactory.create(team=dataset.team), blob).number == 1


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.FAILED])
def test_bytes_that_were_not_taken_may_be_sent_again(
    developer: Actor, dataset: Dataset, blob: Blob, verdict: Verdict
) -> None:
    first = received(developer, dataset, blob)
    finish_inspection(snapshot_id=first.pk, inspections=[Inspection(verdict, "The table lacks a column.")])
    first.refresh_from_db()
    assert (first.state, first.reason) == (verdict.value, "The table lacks a column.")
    assert received(developer, dataset, blob).number == 2


def test_a_readable_table_is_ready_with_rows_columns_and_period(developer: Actor, dataset: Dataset, blob: Blob) -> None:
    snapshot = received(developer, dataset, blob)
    [file] = begin_inspection(snapshot_id=snapshot.pk)
    assert (file.sha256, file.role, file.time_column) == (blob.pk, "dataset", "day")
    finish_inspection(snapshot_id=snapshot.pk, inspections=[READ])
    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.media_type, snapshot.rows) == ("ready", "text/csv", 3)
    assert snapshot.columns == [{"name": "x", "type": "double"}]
    assert snapshot.period_start is not None
    assert snapshot.period_start.isoformat() == "2026-01-01T00:00:00+00:00"
    assert replayed("snapshot") == {str(snapshot.pk): snapshot.public_state()}


def test_a_closed_snapshot_is_closed_once(developer: Actor, dataset: Dataset, blob: Blob) -> None:
    snapshot = received(developer, dataset, blob)
    fail_inspection(actor=SYSTEM, snapshot_id=snapshot.pk, reason="The worker was lost.")
    assert begin_inspection(snapshot_id=snapshot.pk) == []
    finish_inspection(snapshot_id=snapshot.pk, inspections=[READ])
    fail_inspection(actor=SYSTEM, snapshot_id=snapshot.pk, reason="Again.")
    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.reason, snapshot.rows) == ("failed", "The worker was lost.", None)
