from datetime import UTC, datetime
from typing import Any

import pytest

from monitoring.choices import PROFILE
from monitoring.models import SnapshotProfile, ValidationRun
from monitoring.subscribers import profile_ready_snapshot, validate_sealed_version
from portal.core.actors import SYSTEM
from portal.jobs.models import Job
from portal.ledger.catalogue import SUBSCRIBERS, Event, Subject
from registry.choices import VersionState
from registry.events import SNAPSHOT_READY, VERSION_SEALED
from registry.models import DatasetSnapshot, ModelVersion
from tests.factories.monitoring import FinishedRunFactory, PlanFactory
from tests.factories.registry import SealedVersionFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


def hear(version: ModelVersion) -> None:
    validate_sealed_version(
        Event(
            id="0" * 32,
            type=VERSION_SEALED,
            at=datetime(2026, 11, 27, tzinfo=UTC),
            actor=SYSTEM,
            subject=Subject("version", str(version.pk), str(version), version.model.team_id),
            data={},
        )
    )


def sealed(**columns: Any) -> ModelVersion:
    version: ModelVersion = SealedVersionFactory.create(model=PlanFactory.create().model, **columns)
    return version


def test_a_sealed_version_gets_one_run_however_often_it_is_told() -> None:
    assert validate_sealed_version in SUBSCRIBERS[VERSION_SEALED.name]
    version = sealed()
    hear(version)
    hear(version)
    assert ValidationRun.objects.get().version == version
    assert Job.objects.get().actor_id == "system"


def test_a_version_that_has_had_a_run_gets_no_other() -> None:
    run = FinishedRunFactory.create(state="failed")
    hear(run.version)
    assert ValidationRun.objects.get() == run


def test_without_a_plan_nothing_is_asked_for() -> None:
    hear(SealedVersionFactory.create())
    assert not ValidationRun.objects.exists()


def test_what_can_not_be_validated_by_itself_is_left_to_people() -> None:
    hear(sealed(state=VersionState.QUARANTINED))
    trained = SealedVersionFactory.create()
    PlanFactory.create(model=trained.model, held_out=trained.training_run.training_snapshot)
    hear(trained)
    assert not ValidationRun.objects.exists()


def ready(snapshot: DatasetSnapshot) -> None:
    subject = Subject("snapshot", str(snapshot.pk), str(snapshot), snapshot.dataset.team_id)
    at = datetime(2026, 11, 27, tzinfo=UTC)
    profile_ready_snapshot(Event(id="0" * 32, type=SNAPSHOT_READY, at=at, actor=SYSTEM, subject=subject, data={}))


def test_a_ready_snapshot_gets_one_profile_however_often_it_is_told() -> None:
    assert profile_ready_snapshot in SUBSCRIBERS[SNAPSHOT_READY.name]
    snapshot = SnapshotFactory.create()
    ready(snapshot)
    ready(snapshot)
    assert (SnapshotProfile.objects.get().snapshot, Job.objects.get().kind) == (snapshot, PROFILE)


def test_one_whose_rows_are_gone_gets_none() -> None:
    ready(SnapshotFactory.create(blob=None, sha256="ab" * 32, size=1))
    assert not SnapshotProfile.objects.exists()
