import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction

from monitoring.models import ValidationRun
from monitoring.services.profiles import request_profile
from monitoring.services.runs import request_run
from monitoring.tasks import validate
from portal.accounts.models import Team
from portal.blobs import store
from portal.blobs.models import Blob
from portal.core.actors import SYSTEM, Actor, Grant
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.ledger.models import PendingEntry
from registry.choices import SnapshotState
from registry.errors import BytesInUse, NotUsable, SnapshotExists
from registry.models import Dataset, DatasetSnapshot
from registry.services.datasets import add_snapshot
from registry.services.erasure import erase_snapshot
from tests.factories.accounts import TeamFactory, UserFactory
from tests.factories.monitoring import PlanFactory, ProfileFactory
from tests.factories.registry import (
    ArtifactFactory,
    DatasetFactory,
    InspectingSnapshotFactory,
    SealedVersionFactory,
    SnapshotFactory,
    VersionFactory,
    stored,
)
from tests.portal.ledger.replay import replayed

REASON = "A person asked for it."
Capture = Callable[..., Any]


@pytest.fixture
def eraser(developer: Actor, team: Team) -> Actor:
    return granted(developer, team)


@pytest.fixture
def snapshot(team: Team) -> DatasetSnapshot:
    made: DatasetSnapshot = SnapshotFactory.create(dataset=DatasetFactory.create(team=team), blob=stored(b"rows"))
    return made


def granted(actor: Actor, *teams: Team) -> Actor:
    more = {Grant("erase_data", team.pk) for team in teams}
    return replace(actor, grants=actor.grants | more, interactive=True)


def erased(actor: Actor, snapshot: DatasetSnapshot) -> list[DatasetSnapshot]:
    return erase_snapshot(actor=actor, snapshot=snapshot, typed=str(snapshot), reason=REASON)


def test_the_bytes_go_and_the_rest_remains_marked(
    eraser: Actor, snapshot: DatasetSnapshot, django_capture_on_commit_callbacks: Capture
) -> None:
    ProfileFactory.create(snapshot=snapshot)
    path = store.path_of(snapshot.sha256)
    with django_capture_on_commit_callbacks(execute=True):
        assert erased(eraser, snapshot) == [snapshot]
        assert path.exists(), "until the transaction is committed"
    assert not path.exists()
    assert not Blob.objects.filter(pk=snapshot.sha256).exists()
    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.standing, snapshot.rows) == (SnapshotState.READY, "erased", 1000)
    assert (snapshot.erased_by_id, snapshot.erasure_reason) == (eraser.user_id, REASON)
    assert snapshot.profiles.get().state == "done"
    entry = json.loads(bytes(PendingEntry.objects.latest("order").payload))
    assert (entry["event"], entry["data"]) == ("registry.snapshot.erased", snapshot.public_state())
    assert REASON not in json.dumps(entry)


def test_what_the_log_says_of_others_is_as_it_was(snapshot: DatasetSnapshot) -> None:
    assert not {"erased_at", "erased_by"} & set(snapshot.public_state())


def test_only_a_person_with_the_grant_signed_in_erases_and_types_the_name(
    developer: Actor, eraser: Actor, snapshot: DatasetSnapshot
) -> None:
    with pytest.raises(Forbidden) as refused:
        erased(developer, snapshot)
    assert refused.value.code == "missing_capability"
    with pytest.raises(Forbidden) as refused:
        erased(replace(eraser, interactive=False), snapshot)
    assert refused.value.code == "browser_session_required"
    with pytest.raises(Forbidden):
        erased(SYSTEM, snapshot)
    with pytest.raises(Invalid) as unclear:
        erase_snapshot(actor=eraser, snapshot=snapshot, typed="it", reason="")
    assert set(unclear.value.fields) == {"typed", "reason"}
    assert Blob.objects.filter(pk=snapshot.sha256).exists()


def test_snapshots_of_the_same_bytes_go_together(eraser: Actor, snapshot: DatasetSnapshot, team: Team) -> None:
    other = SnapshotFactory.create(dataset=DatasetFactory.create(team=team), blob=snapshot.blob)
    assert erased(eraser, snapshot) == [snapshot, other]
    other.refresh_from_db()
    assert other.standing == "erased"
    assert set(replayed("snapshot")) == {str(snapshot.pk), str(other.pk)}


def test_bytes_that_something_else_holds_stay_and_nothing_is_marked(
    eraser: Actor, snapshot: DatasetSnapshot, team: Team
) -> None:
    elsewhere = SnapshotFactory.create(dataset=DatasetFactory.create(team=TeamFactory.create()), blob=snapshot.blob)
    with pytest.raises(BytesInUse) as refused:
        erased(eraser, snapshot)
    assert elsewhere.dataset.slug not in refused.value.message
    both = granted(eraser, team, elsewhere.dataset.team)
    ArtifactFactory.create(version=VersionFactory.create(), blob=snapshot.blob)
    with pytest.raises(BytesInUse):
        erased(both, snapshot)
    snapshot.refresh_from_db()
    assert (snapshot.standing, snapshot.blob_id) == ("ready", snapshot.sha256)
    assert not PendingEntry.objects.exists()


def test_nothing_is_erased_twice_or_while_it_is_inspected(eraser: Actor, snapshot: DatasetSnapshot) -> None:
    waiting = InspectingSnapshotFactory.create(dataset=snapshot.dataset)
    with pytest.raises(NotUsable, match="is being inspected"):
        erased(eraser, waiting)
    erased(eraser, snapshot)
    with pytest.raises(NotUsable, match="nothing to erase"):
        erased(eraser, snapshot)


def test_erased_bytes_do_not_come_back_to_their_dataset(eraser: Actor, snapshot: DatasetSnapshot) -> None:
    erased(eraser, snapshot)
    blob = stored(b"rows")
    with pytest.raises(SnapshotExists, match="do not come back"):
        add_snapshot(actor=eraser, dataset=snapshot.dataset, blob=blob, declared_sha256=blob.pk)


def test_a_profile_that_works_is_stopped_with_the_cause(eraser: Actor, snapshot: DatasetSnapshot) -> None:
    profile = request_profile(actor=SYSTEM, snapshot=snapshot)
    erased(eraser, snapshot)
    profile.refresh_from_db()
    assert (profile.state, profile.reason) == ("cancelled", "The rows were erased.")
    assert replayed("profile")[str(profile.pk)] == profile.public_state()


@pytest.mark.django_db(transaction=True)
def test_a_run_that_needs_the_rows_is_not_passed_and_says_why() -> None:
    plan = PlanFactory.create(held_out__blob=stored(b"held out"))
    run = request_run(actor=SYSTEM, version=SealedVersionFactory.create(model=plan.model))
    person = plan.created_by
    eraser = Actor(id=person.actor_id, kind="user", name="Ann", user_id=person.pk)
    erased(granted(eraser, plan.held_out.dataset.team), plan.held_out)
    validate(run.job_id or 0)
    run = ValidationRun.objects.get()
    assert (run.state, run.cause) == ("errored", "The held-out rows have been erased.")
    with pytest.raises(Conflict) as refused:
        request_run(actor=SYSTEM, version=SealedVersionFactory.create(model=plan.model))
    assert refused.value.code == "data_erased"


def others_wait() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone() != (0,))


@pytest.mark.django_db(transaction=True)
def test_an_upload_at_the_very_moment_of_erasure_keeps_its_bytes_or_is_refused_in_words() -> None:
    snapshot = SnapshotFactory.create(blob=stored(b"rows"))
    early, late = DatasetFactory.create(), DatasetFactory.create()
    person = UserFactory.create()
    actor = Actor(id=person.actor_id, kind="user", name="Ann", user_id=person.pk)
    before, eraser = Blob.objects.get(), granted(actor, snapshot.dataset.team)
    added: list[DatasetSnapshot] = []
    refused: list[Conflict] = []

    def add(dataset: Dataset, blob: Blob | None) -> None:
        """Add what was stored before, or store it now."""
        try:
            blob = blob or stored(b"rows")
            uploader = replace(actor, grants=frozenset({Grant("upload_dataset", dataset.team_id)}))
            added.append(add_snapshot(actor=uploader, dataset=dataset, blob=blob, declared_sha256=blob.pk))
        except Conflict as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    def beside_erasure(dataset: Dataset, blob: Blob | None) -> None:
        upload = threading.Thread(target=add, args=(dataset, blob))
        with transaction.atomic():
            erased(eraser, snapshot)
            upload.start()
            while upload.is_alive() and not others_wait():
                time.sleep(0.01)
        upload.join()

    beside_erasure(early, before)
    assert [one.code for one in refused] == ["bytes_gone"]
    assert not added
    assert not Blob.objects.exists()
    assert not store.path_of(before.pk).exists()

    snapshot = SnapshotFactory.create(blob=stored(b"rows"))
    eraser = granted(actor, snapshot.dataset.team)
    beside_erasure(late, None)
    assert [one.dataset for one in added] == [late]
    with store.open_verified(before.pk) as stream:
        assert stream.read() == b"rows"
