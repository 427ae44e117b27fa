import json

import pytest

from monitoring.choices import ProfileState
from monitoring.models import ColumnProfile, SnapshotProfile
from monitoring.runners.profiling import ProfileResult
from monitoring.services.profiles import begin_profile, close_profile, finish_profile, request_profile
from portal.accounts.choices import Role
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Conflict, Forbidden
from portal.jobs.models import Job
from portal.ledger.models import PendingEntry
from registry.errors import NotUsable
from registry.models import DatasetSnapshot
from tests.factories.accounts import actor_with
from tests.factories.monitoring import ProfileFactory, profiled
from tests.factories.registry import InspectingSnapshotFactory, SnapshotFactory
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db


@pytest.fixture
def snapshot() -> DatasetSnapshot:
    made: DatasetSnapshot = SnapshotFactory.create()
    return made


@pytest.fixture
def developer(snapshot: DatasetSnapshot) -> Actor:
    return actor_with(Role.DEVELOPER, team=snapshot.dataset.team)


def found(snapshot: DatasetSnapshot) -> ProfileResult:
    return ProfileResult(tuple(profiled(one["type"]) for one in snapshot.columns), 1_000)


def test_a_profile_is_requested_begun_and_done_with_a_digest_in_the_log(
    developer: Actor, snapshot: DatasetSnapshot
) -> None:
    profile = request_profile(actor=developer, snapshot=snapshot)
    job = Job.objects.get()
    assert (job.kind, job.arguments, profile.job_id) == ("monitoring.profile", {"profile_id": profile.pk}, job.pk)
    assert begin_profile(profile_id=profile.pk).sha256 == snapshot.sha256
    assert begin_profile(profile_id=profile.pk).columns == snapshot.columns, "taken up again after a lost worker"
    done = finish_profile(profile_id=profile.pk, result=found(snapshot))
    assert [row.name for row in done.columns.all()] == ["day", "x", "label"]
    assert [row.kind for row in done.columns.all()] == ["time", "number", "number"]
    assert replayed("profile") == {str(done.pk): done.public_state()}
    events = [json.loads(bytes(row.payload))["event"] for row in PendingEntry.objects.order_by("order")]
    assert events == [f"monitoring.profile.{deed}" for deed in ("requested", "started", "finished")]
    assert len(done.digest) == 64


def test_the_same_rows_have_the_same_digest(snapshot: DatasetSnapshot) -> None:
    digests = set()
    for one in (snapshot, SnapshotFactory.create(blob=snapshot.blob)):
        profile = request_profile(actor=SYSTEM, snapshot=one)
        begin_profile(profile_id=profile.pk)
        digests.add(finish_profile(profile_id=profile.pk, result=found(one)).digest)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (ProfileResult(refused="Column “a” is nested."), ProfileState.REFUSED),
        (ProfileResult(failed="Time ran out."), ProfileState.FAILED),
    ],
)
def test_one_that_came_to_nothing_says_why_and_can_be_asked_for_again(
    developer: Actor, snapshot: DatasetSnapshot, result: ProfileResult, state: ProfileState
) -> None:
    profile = request_profile(actor=developer, snapshot=snapshot)
    begin_profile(profile_id=profile.pk)
    ended = finish_profile(profile_id=profile.pk, result=result)
    assert (ended.state, ended.reason, ended.digest) == (state, result.refused or result.failed, "")
    assert not ColumnProfile.objects.exists()
    assert request_profile(actor=developer, snapshot=snapshot).state == ProfileState.QUEUED


def test_a_snapshot_has_one_profile_that_counts(developer: Actor, snapshot: DatasetSnapshot) -> None:
    profile = request_profile(actor=developer, snapshot=snapshot)
    with pytest.raises(NotUsable, match="is being profiled"):
        request_profile(actor=developer, snapshot=snapshot)
    begin_profile(profile_id=profile.pk)
    finish_profile(profile_id=profile.pk, result=found(snapshot))
    with pytest.raises(NotUsable, match="has its profile"):
        request_profile(actor=developer, snapshot=snapshot)


def test_what_is_not_ready_or_gone_or_of_others_is_not_profiled(developer: Actor, snapshot: DatasetSnapshot) -> None:
    with pytest.raises(Forbidden):
        request_profile(actor=actor_with(Role.VALIDATOR), snapshot=snapshot)
    with pytest.raises(NotUsable, match="inspecting"):
        request_profile(actor=developer, snapshot=InspectingSnapshotFactory.create(dataset=snapshot.dataset))
    gone = SnapshotFactory.create(dataset=snapshot.dataset, blob=None, sha256="ab" * 32, size=1)
    with pytest.raises(Conflict) as refused:
        request_profile(actor=developer, snapshot=gone)
    assert refused.value.code == "data_erased"


def test_results_that_come_too_late_count_nothing(snapshot: DatasetSnapshot) -> None:
    profile = request_profile(actor=SYSTEM, snapshot=snapshot)
    begin_profile(profile_id=profile.pk)
    close_profile(profile_id=profile.pk, state=ProfileState.CANCELLED, reason="The profile was cancelled.")
    with pytest.raises(Conflict, match="too late"):
        finish_profile(profile_id=profile.pk, result=found(snapshot))
    with pytest.raises(Conflict, match="already ended"):
        begin_profile(profile_id=profile.pk)
    close_profile(profile_id=profile.pk, state=ProfileState.FAILED, reason="Lost.")
    assert SnapshotProfile.objects.get().state == ProfileState.CANCELLED


def test_the_factorys_profile_is_one_that_services_respect(snapshot: DatasetSnapshot) -> None:
    ProfileFactory.create(snapshot=snapshot)
    with pytest.raises(NotUsable):
        request_profile(actor=SYSTEM, snapshot=snapshot)
