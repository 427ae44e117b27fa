"""The list of datasets, and who uses a snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, QuerySet

from monitoring.models import ValidationPlan
from portal.core.actors import Actor
from registry.models import Dataset, DatasetSnapshot, ModelVersion


def datasets_table(actor: Actor, *, query: str = "") -> QuerySet[Dataset]:
    """Return the actor's datasets whose name holds the query, each with how many snapshots it has, and the newest."""
    rows = Dataset.objects.visible_to(actor).select_related("team")
    if query:
        rows = rows.filter(slug__icontains=query)
    return rows.annotate(snapshot_count=Count("snapshots"), newest_at=Max("snapshots__created_at"))


def snapshots_alike(actor: Actor, snapshot: DatasetSnapshot) -> Sequence[DatasetSnapshot]:
    """Return the other snapshots that hold the same bytes, as far as the reader may see."""
    rows = DatasetSnapshot.objects.visible_to(actor).filter(blob=snapshot.blob_id, blob__isnull=False)
    return list(rows.exclude(pk=snapshot.pk).select_related("dataset").order_by("pk"))


@dataclass(frozen=True)
class SnapshotUses:
    """What rests on a snapshot, as far as the reader may see."""

    trained: Sequence[ModelVersion]
    plans: Sequence[ValidationPlan]
    validated: Sequence[ModelVersion]


def snapshot_uses(actor: Actor, snapshot: DatasetSnapshot) -> SnapshotUses:
    """Return the versions trained on the snapshot, the plans that hold it out, and the versions measured on it."""
    versions = ModelVersion.objects.visible_to(actor).select_related("model")
    plans = ValidationPlan.objects.visible_to(actor).filter(held_out=snapshot).select_related("model")
    return SnapshotUses(
        trained=list(versions.filter(training_run__training_snapshot=snapshot)[:50]),
        plans=list(plans[:50]),
        validated=list(versions.filter(validation_runs__plan__held_out=snapshot).distinct()[:50]),
    )
