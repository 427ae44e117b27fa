"""What a dataset is, as one of its datasheets says."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.core.actors import Actor
from registry.models import Dataset, Datasheet
from registry.rules.datasheets import TOPICS, Topic, is_sensitive


@dataclass(frozen=True)
class SensitiveColumn:
    """A column that is masked; `known` tells whether the newest snapshot with a schema has it."""

    name: str
    known: bool


@dataclass(frozen=True)
class DatasheetOverview:
    """A datasheet in full; `shown` is None where nothing was written, or nothing of the number asked for."""

    dataset: Dataset
    shown: Datasheet | None
    in_force: bool
    topics: Sequence[tuple[Topic, str]]
    sensitive: Sequence[SensitiveColumn]
    may_write: bool
    sees_sensitive: bool


def datasheet_overview(actor: Actor, dataset: Dataset, *, number: int | None = None) -> DatasheetOverview:
    """Return the dataset's newest datasheet, or the one of this number."""
    rows = dataset.datasheets.select_related("written_by")
    newest = rows.first()
    shown = newest if number is None or (newest and newest.number == number) else rows.filter(number=number).first()
    described = dataset.snapshots.exclude(columns=[]).values_list("columns", flat=True).first() or []
    held = [str(column.get("name", "")) for column in described]
    return DatasheetOverview(
        dataset=dataset,
        shown=shown,
        in_force=shown is not None and shown == newest,
        topics=[(topic, shown.says[name]) for name, topic in TOPICS.items()] if shown else [],
        sensitive=[SensitiveColumn(name, is_sensitive(name, held)) for name in (shown.sensitive if shown else ())],
        may_write=actor.may("upload_dataset", dataset.team_id),
        sees_sensitive=actor.may("read_sensitive", dataset.team_id),
    )
