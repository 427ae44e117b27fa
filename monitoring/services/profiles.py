"""A profile's life: requested, begun by its job, finished or closed; never changed afterwards."""

from dataclasses import replace

from django.db import transaction

from monitoring.choices import PROFILE, ProfileState
from monitoring.events import PROFILE_FINISHED, PROFILE_REQUESTED, PROFILE_STARTED
from monitoring.models import ColumnProfile, SnapshotProfile
from monitoring.rules.profiles import profile_document
from monitoring.runners.profiling import ProfileOrder, ProfileResult
from portal.core.actors import SYSTEM, Actor
from portal.core.canonical import digest_of
from portal.core.clock import now
from portal.core.errors import Conflict
from portal.jobs.services import enqueue
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import SnapshotState
from registry.errors import NotUsable
from registry.models import DatasetSnapshot

OPEN = (ProfileState.QUEUED, ProfileState.RUNNING)


@transaction.atomic
def request_profile(*, actor: Actor, snapshot: DatasetSnapshot) -> SnapshotProfile:
    """Request the profile of a snapshot that has none which counts.

    Raises Forbidden, NotUsable for a snapshot that is not ready or has its profile, Conflict where the rows are gone.
    """
    row = _locked_snapshot(snapshot.pk)
    actor.require("upload_dataset", row.dataset.team_id)
    if row.state != SnapshotState.READY:
        raise NotUsable(f"{row} is {row.get_state_display().lower()}: only rows that were inspected here are profiled.")
    if row.blob_id is None:
        raise Conflict(f"The rows of {row} have been erased.", code="data_erased")
    held = row.profiles.filter(state__in=[*OPEN, ProfileState.DONE]).first()
    if held is not None:
        raise NotUsable(f"{row} has its profile." if held.state == ProfileState.DONE else f"{row} is being profiled.")
    profile = SnapshotProfile.objects.create(snapshot=row, requested_by=actor.id, requested_at=now())
    job = enqueue(actor=actor, kind=PROFILE, subject=_subject(profile), arguments={"profile_id": profile.pk})
    profile.job_id = job.pk
    profile.save(update_fields=["job_id"])
    _record(profile, actor=actor, event=PROFILE_REQUESTED)
    return profile


@transaction.atomic
def begin_profile(*, profile_id: int) -> ProfileOrder:
    """Start a queued profile and return what it needs; one whose worker was lost is taken up again.

    Raises Conflict for one that has ended, and where the rows are gone.
    """
    profile = _locked(profile_id)
    if profile.state not in OPEN:
        raise Conflict(f"The {profile} has already ended.")
    if profile.snapshot.blob_id is None:
        raise Conflict("The rows have been erased.", code="data_erased")
    if profile.state == ProfileState.QUEUED:
        profile.state = ProfileState.RUNNING
        profile.save(update_fields=["state"])
        _record(profile, actor=_on_behalf(profile), event=PROFILE_STARTED)
    return ProfileOrder(profile.snapshot.blob_id, profile.snapshot.columns)


@transaction.atomic
def finish_profile(*, profile_id: int, result: ProfileResult) -> SnapshotProfile:
    """Write what was found of each column and close the profile, or close it with the reason why there is none.

    Raises Conflict where it is no longer running.
    """
    profile = _locked(profile_id)
    if profile.state != ProfileState.RUNNING:
        raise Conflict(f"The {profile} is {profile.get_state_display().lower()}: its result comes too late.")
    if result.refused or result.failed:
        state = ProfileState.REFUSED if result.refused else ProfileState.FAILED
        return _end(profile, state=state, reason=result.refused or result.failed)
    told = profile.snapshot.columns
    ColumnProfile.objects.bulk_create(
        ColumnProfile(
            profile=profile, position=position, name=column["name"], type=column["type"], kind=found.kind,
            summary=found.summary, cells=found.cells,
        )
        for position, (column, found) in enumerate(zip(told, result.columns, strict=True), start=1)
    )  # fmt: skip
    document = profile_document(sha256=profile.snapshot.sha256, rows=result.rows, told=told, columns=result.columns)
    profile.digest = digest_of(document)
    return _end(profile, state=ProfileState.DONE, reason="")


@transaction.atomic
def close_profile(*, profile_id: int, state: ProfileState, reason: str) -> None:
    """Close a profile that came to no result, with the reason in words; one that has ended stays as it is."""
    profile = _locked(profile_id)
    if profile.state in OPEN:
        _end(profile, state=state, reason=reason)


def _locked_snapshot(snapshot_id: int) -> DatasetSnapshot:
    rows = DatasetSnapshot.objects.select_for_update(of=("self",)).select_related("dataset")
    return rows.get(pk=snapshot_id)


def _locked(profile_id: int) -> SnapshotProfile:
    """Lock the snapshot, then its profile."""
    snapshot = _locked_snapshot(SnapshotProfile.objects.values_list("snapshot_id", flat=True).get(pk=profile_id))
    profile = SnapshotProfile.objects.select_for_update(of=("self",)).get(pk=profile_id)
    profile.snapshot = snapshot
    return profile


def _end(profile: SnapshotProfile, *, state: ProfileState, reason: str) -> SnapshotProfile:
    profile.state, profile.reason, profile.finished_at = state, reason, now()
    profile.save(update_fields=["state", "reason", "finished_at", "digest"])
    _record(profile, actor=_on_behalf(profile), event=PROFILE_FINISHED)
    return profile


def _on_behalf(profile: SnapshotProfile) -> Actor:
    return SYSTEM if profile.requested_by == SYSTEM.id else replace(SYSTEM, on_behalf_of=profile.requested_by)


def _subject(profile: SnapshotProfile) -> Subject:
    return Subject("profile", str(profile.pk), str(profile), profile.snapshot.dataset.team_id)


def _record(profile: SnapshotProfile, *, actor: Actor, event: EventType) -> None:
    append(
        actor=actor,
        event=event,
        subject=_subject(profile),
        data=profile.public_state(),
        private={"reason": profile.reason} if profile.reason else None,
        topics=(f"dataset:{profile.snapshot.dataset_id}", f"snapshot:{profile.snapshot_id}"),
    )
