"""Datasets and their snapshots: registered, received, inspected, ready."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from portal.accounts.models import Team
from portal.blobs.models import Blob
from portal.blobs.services import hold
from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.jobs.services import enqueue
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import INSPECT_SNAPSHOT, SnapshotState
from registry.errors import DigestMismatch, SnapshotExists
from registry.events import (
    DATASET_REGISTERED,
    SNAPSHOT_FAILED,
    SNAPSHOT_READY,
    SNAPSHOT_RECEIVED,
    SNAPSHOT_REFERENCED,
    SNAPSHOT_REFUSED,
)
from registry.models import Dataset, DatasetSnapshot
from registry.rules.snapshots import (
    SnapshotConclusion,
    conclude,
    location_problems,
    reference_problems,
    slug_elsewhere,
    time_column_problems,
)
from registry.rules.states import SNAPSHOT, after
from registry.rules.values import slug_problems, text_problems
from registry.runners.inspection import Inspection
from registry.runners.intake import HeldFile
from registry.services.rows import author_of, create_under_slug, next_number

FREE_TEXT = ("reason", "location", "erasure_reason")
EVENTS = {"accept": SNAPSHOT_READY, "refuse": SNAPSHOT_REFUSED, "fail": SNAPSHOT_FAILED}


@transaction.atomic
def register_dataset(*, actor: Actor, slug: str, name: str, description: str = "", team: Team) -> Dataset:
    """Register a dataset of a team. Raises Forbidden, Invalid and SlugTaken."""
    actor.require("upload_dataset", team.pk)
    problems = slug_problems(slug) | text_problems({"name": name}, {"description": description})
    if problems:
        raise Invalid("The dataset can't be registered; see the fields.", fields=problems)
    dataset = create_under_slug(
        lambda: Dataset.objects.create(
            slug=slug, name=name.strip(), description=description, team=team, created_at=now()
        ),
        slug,
    )
    _record_registration(dataset, actor=actor)
    return dataset


def reference_snapshot(
    *,
    actor: Actor,
    team: Team,
    namespace: str,
    name: str,
    sha256: str,
    columns: Sequence[Mapping[str, str]] = (),
    rows: int | None = None,
    size: int | None = None,
) -> DatasetSnapshot:
    """Register bytes that lie elsewhere by their digest, under the dataset that has this name there.

    Inside the transaction of a verb that has required what it takes, with values that were checked. Raises SlugTaken
    where another team has a dataset of this derived slug.
    """
    dataset = _dataset_elsewhere(actor=actor, team=team, namespace=namespace, name=name)
    same = dataset.snapshots.filter(sha256=sha256, state=SnapshotState.REFERENCED).first()
    if same is not None:
        return same
    return _referred(dataset, actor=actor, sha256=sha256, size=size, rows=rows, columns=list(columns))


@transaction.atomic
def refer_to_snapshot(
    *, actor: Actor, dataset: Dataset, location: str, sha256: str, rows: int | None = None, size: int | None = None,
    columns: Sequence[Mapping[str, str]] = (),
) -> DatasetSnapshot:  # fmt: skip
    """Register bytes that lie elsewhere as a dataset's next snapshot, as they are told: nothing is fetched.

    Raises Forbidden, Invalid, and SnapshotExists for bytes that the dataset has or refers to already.
    """
    actor.require("upload_dataset", dataset.team_id)
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    told = [{"name": column["name"], "type": column.get("type", "")} for column in columns]
    problems = location_problems(location) | reference_problems(sha256=sha256, columns=told)
    if problems:
        raise Invalid("The snapshot can't be referred to; see the fields.", fields=problems)
    _refuse_same_bytes(dataset, sha256.lower(), SnapshotState.REFERENCED)
    return _referred(
        dataset, actor=actor, sha256=sha256.lower(), size=size, rows=rows, columns=told, location=location.strip()
    )


def _referred(dataset: Dataset, *, actor: Actor, **told: Any) -> DatasetSnapshot:
    """Add a snapshot by reference to a dataset, whose row is locked."""
    snapshot = DatasetSnapshot.objects.create(
        dataset=dataset, number=next_number(dataset.snapshots.all()), state=SnapshotState.REFERENCED,
        created_by_id=author_of(actor), created_at=now(), **told,
    )  # fmt: skip
    record_snapshot(snapshot, actor=actor, event=SNAPSHOT_REFERENCED)
    return snapshot


def _dataset_elsewhere(*, actor: Actor, team: Team, namespace: str, name: str) -> Dataset:
    """Return the team's dataset for this name of elsewhere, locked; its slug holds a digest of the whole name."""
    slug = slug_elsewhere(team=team.slug, namespace=namespace, name=name)
    held = Dataset.objects.select_for_update(of=("self",)).select_related("team").filter(slug=slug, team=team).first()
    if held is not None:
        return held
    told = f"By reference, known from lineage events as {name} in {namespace}."
    dataset = create_under_slug(
        lambda: Dataset.objects.create(
            slug=slug, name=name[:200].strip(), description=told, team=team, created_at=now()
        ),
        slug,
    )
    _record_registration(dataset, actor=actor)
    return dataset


def _record_registration(dataset: Dataset, *, actor: Actor) -> None:
    append(
        actor=actor,
        event=DATASET_REGISTERED,
        subject=Subject("dataset", str(dataset.pk), dataset.slug, dataset.team_id),
        data=dataset.public_state(),
        private={"name": dataset.name, "description": dataset.description},
        topics=(f"dataset:{dataset.pk}",),
    )


@transaction.atomic
def add_snapshot(
    *, actor: Actor, dataset: Dataset, blob: Blob, declared_sha256: str, time_column: str = ""
) -> DatasetSnapshot:
    """Take uploaded bytes as a dataset's next snapshot and have them inspected.

    Raises Forbidden, Invalid, DigestMismatch, BytesGone, and SnapshotExists for bytes that the dataset has already.
    """
    actor.require("upload_dataset", dataset.team_id)
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    if blob.pk != declared_sha256.lower():
        message = f"The bytes have SHA-256 {blob.pk}; declared was {declared_sha256}."
        raise DigestMismatch(message, fields={"sha256": [message]})
    if problems := time_column_problems(time_column):
        raise Invalid("The snapshot can't be taken; see the fields.", fields=problems)
    _refuse_same_bytes(dataset, blob.pk)
    hold(blob)
    snapshot = DatasetSnapshot.objects.create(
        dataset=dataset, number=next_number(dataset.snapshots.all()), blob=blob, sha256=blob.pk, size=blob.size,
        time_column=time_column, created_by_id=author_of(actor), created_at=now(),
    )  # fmt: skip
    record_snapshot(snapshot, actor=actor, event=SNAPSHOT_RECEIVED)
    enqueue(actor=actor, kind=INSPECT_SNAPSHOT, subject=_subject(snapshot), arguments={"snapshot_id": snapshot.pk})
    return snapshot


@transaction.atomic
def begin_inspection(*, snapshot_id: int) -> list[HeldFile]:
    """Return the file to inspect; none where the snapshot is no longer waiting for it."""
    snapshot = _locked(snapshot_id)
    if snapshot.state != SnapshotState.INSPECTING:
        return []
    return [HeldFile(str(snapshot), snapshot.sha256, "dataset", snapshot.time_column or None)]


@transaction.atomic
def finish_inspection(*, snapshot_id: int, inspections: list[Inspection]) -> None:
    """Close the inspection: ready with rows, columns and period, or refused or failed with the reason."""
    snapshot = _locked(snapshot_id)
    if snapshot.state != SnapshotState.INSPECTING or not inspections:
        return
    found = inspections[0]
    conclusion = conclude(verdict=found.verdict.value, reason=found.reason, details=found.details)
    if conclusion.contents is not None:
        snapshot.media_type = found.media_type
        snapshot.rows, snapshot.columns = conclusion.contents.rows, list(conclusion.contents.columns)
        snapshot.period_start, snapshot.period_end = conclusion.contents.period_start, conclusion.contents.period_end
    _close(snapshot, conclusion, actor=SYSTEM)


@transaction.atomic
def fail_inspection(*, actor: Actor, snapshot_id: int, reason: str) -> None:
    """Close a snapshot whose inspection did not come to an end; one that was closed stays as it is."""
    snapshot = _locked(snapshot_id)
    if snapshot.state == SnapshotState.INSPECTING:
        _close(snapshot, SnapshotConclusion("fail", reason), actor=actor)


def _refuse_same_bytes(dataset: Dataset, sha256: str, *more: SnapshotState) -> None:
    known = [SnapshotState.INSPECTING, SnapshotState.READY, *more]
    same = dataset.snapshots.filter(sha256=sha256, state__in=known).first()
    if same is not None:
        message = f"The dataset has these bytes already, as snapshot {same.number}. Use that one."
        if same.erased_at is not None:
            message = f"These bytes were snapshot {same.number}, whose rows were erased: they do not come back."
        raise SnapshotExists(message, fields={"sha256": [message]})


def _close(snapshot: DatasetSnapshot, conclusion: SnapshotConclusion, *, actor: Actor) -> None:
    # Who calls has seen that it is inspecting, and the table lets every conclusion follow from that.
    snapshot.state = str(after(SNAPSHOT, conclusion.verb, snapshot.state))
    snapshot.reason = conclusion.reason
    snapshot.save()
    record_snapshot(snapshot, actor=actor, event=EVENTS[conclusion.verb])


def _locked(snapshot_id: int) -> DatasetSnapshot:
    rows = DatasetSnapshot.objects.select_for_update(of=("self",)).select_related("dataset")
    return rows.get(pk=snapshot_id)


def _subject(snapshot: DatasetSnapshot) -> Subject:
    return Subject("snapshot", str(snapshot.pk), str(snapshot), snapshot.dataset.team_id)


def record_snapshot(snapshot: DatasetSnapshot, *, actor: Actor, event: EventType) -> None:
    """Append what happened to a snapshot; free text is private."""
    append(
        actor=actor,
        event=event,
        subject=_subject(snapshot),
        data=snapshot.public_state(),
        private={name: text for name in FREE_TEXT if (text := getattr(snapshot, name))} or None,
        topics=(f"dataset:{snapshot.dataset_id}", f"snapshot:{snapshot.pk}"),
    )
