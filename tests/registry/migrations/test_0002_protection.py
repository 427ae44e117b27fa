"""What the database refuses, whoever asks: rows that are sealed, published, ready or recorded."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import Error, connection, transaction

from tests.factories.registry import (
    ActiveReleaseFactory,
    ArtifactFactory,
    CardRevisionFactory,
    FeaturePipelineVersionFactory,
    InspectingSnapshotFactory,
    RegisteredModelFactory,
    ReleaseFactory,
    SealedVersionFactory,
    SnapshotFactory,
    TrainingRunFactory,
    VersionFactory,
)

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def refused(row: Any, **changes: Any) -> bool:
    """Tell whether the database refuses these changes of a row."""
    try:
        with transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(**changes)
            transaction.set_rollback(True)
    except Error as error:
        assert "refused" in str(error)
        return True
    return False


def delete_refused(row: Any) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])  # noqa: S608 - our own name
            transaction.set_rollback(True)
    except Error as error:
        assert "refused" in str(error)
        return True
    return False


@pytest.mark.parametrize("make", [TrainingRunFactory.create, FeaturePipelineVersionFactory.create])
def test_what_is_recorded_never_changes(make: Callable[[], Any]) -> None:
    row = make()
    assert refused(row, commit="other")
    assert delete_refused(row)


@pytest.mark.parametrize("state", ["sealed", "quarantined", "failed", "withdrawn"])
def test_an_inspected_version_changes_in_state_and_reason_alone(state: str) -> None:
    version = SealedVersionFactory.create(state=state)
    frozen = {"digest": "0" * 64, "claims": [1], "signature": {}, "number": 9, "sealed_at": None, "description": "D"}
    for name, value in frozen.items():
        assert refused(version, **{name: value}), name
    assert delete_refused(version)
    assert refused(version, state="receiving")
    assert refused(version, state="inspecting")
    assert not refused(version, state="withdrawn", reason="Wrong labels.")


@pytest.mark.parametrize("state", ["quarantined", "failed", "withdrawn"])
def test_nothing_is_sealed_but_what_was_inspected(state: str) -> None:
    assert refused(SealedVersionFactory.create(state=state), state="sealed")
    received = VersionFactory.create()
    assert refused(received, state="sealed", digest="0" * 64)


def test_a_version_that_is_being_received_may_still_change() -> None:
    assert not refused(VersionFactory.create(), claims=[{"metric": "auc"}])


def test_files_never_change_and_what_inspection_read_is_written_once() -> None:
    artifact = ArtifactFactory.create()
    for changes in ({"name": "b"}, {"sha256": "0" * 64}, {"size": 1}, {"role": "other"}):
        assert refused(artifact, **changes)
    assert delete_refused(artifact)
    artifact.media_type, artifact.inspection = "application/vnd.onnx", {"verdict": "accepted"}
    artifact.save()
    assert refused(artifact, inspection={"verdict": "refused"})
    assert refused(artifact, media_type="text/plain")


@pytest.mark.parametrize("state", ["sealed", "quarantined"])
def test_no_file_is_added_late(state: str) -> None:
    version = SealedVersionFactory.create(state=state)
    with pytest.raises(Error, match="no longer being received"), transaction.atomic():
        ArtifactFactory.create(version=version, role="other", name="late.txt")


@pytest.mark.parametrize("state", ["ready", "refused", "failed"])
def test_a_closed_snapshot_never_changes(state: str) -> None:
    snapshot = SnapshotFactory.create(state=state)
    assert refused(snapshot, rows=1)
    assert refused(snapshot, state="inspecting")
    assert delete_refused(snapshot)
    assert not refused(InspectingSnapshotFactory.create(), rows=1)


def test_a_published_card_is_only_superseded() -> None:
    model = RegisteredModelFactory.create()
    published = CardRevisionFactory.create(model=model)
    assert refused(published, limitations="None.")
    assert refused(published, state="draft")
    assert delete_refused(published)
    published.state = "superseded"
    published.save()
    assert refused(published, state="published")
    assert not refused(CardRevisionFactory.create(model=model, state="draft"), limitations="More.")


def test_a_release_changes_in_state_and_dates_alone() -> None:
    release = ReleaseFactory.create()
    other = SealedVersionFactory.create(model=release.model)
    for changes in ({"version": other}, {"environment": "staging"}, {"fallback": "Another."}):
        assert refused(release, **changes)
    assert delete_refused(release)
    assert not refused(release, state="active")
    active = ActiveReleaseFactory.create()
    assert refused(active, state="planned")
    active.state = "superseded"
    active.save()
    assert refused(active, state="active")
    assert refused(active, ended_at="2026-01-01T00:00:00Z")


def test_triggers_fire_for_replicated_changes_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'registry_%' AND tgenabled <> 'A'"
        )
        assert cursor.fetchall() == []
