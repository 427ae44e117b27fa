"""Runs elsewhere: the list of them, and one with what its events said and what of that leads to nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from portal.core.actors import Actor
from portal.overviews.lineage import Graph, graph
from portal.overviews.lineage_things import run_thing
from registry.choices import LineageRunState
from registry.models import LineageEvent, LineageRun, ModelVersion

EVENTS_SHOWN = 50
STATES = LineageRunState.values
"""What the table can be narrowed to."""


@dataclass(frozen=True)
class DatasetSaid:
    """A dataset as the newest event that names it describes it; `columns` as (name, type, nulls, distinct values)."""

    side: str
    namespace: str
    name: str
    version: str
    rows: Any
    columns: Sequence[tuple[str, str, Any, Any]]


@dataclass(frozen=True)
class RunOverview:
    """A run's page."""

    run: LineageRun
    graph: Graph
    events: Sequence[LineageEvent]
    datasets: Sequence[DatasetSaid]
    versions: Sequence[ModelVersion]

    @property
    def unread(self) -> list[tuple[LineageEvent, Mapping[str, str]]]:
        """Return what leads to nothing here, each said once, with the first event that said it."""
        found: dict[tuple[str, str], tuple[LineageEvent, Mapping[str, str]]] = {}
        for event in self.events:
            for one in event.unread:
                found.setdefault((one["where"], one["why"]), (event, one))
        return list(found.values())


def runs_table(actor: Actor, *, query: str = "", state: str = "") -> QuerySet[LineageRun]:
    """Return the actor's runs whose job's name holds the query; `has_unread`: parts of their events led nowhere."""
    unread = LineageEvent.objects.filter(run=OuterRef("pk")).exclude(unread=[])
    rows = LineageRun.objects.visible_to(actor).select_related("team").annotate(has_unread=Exists(unread))
    if state in STATES:
        rows = rows.filter(state=state)
    return rows.filter(name__icontains=query) if query else rows


def run_overview(actor: Actor, run: LineageRun) -> RunOverview:
    """Return what the run's page shows; of very many events the first."""
    events = list(run.events.select_related("received_by")[:EVENTS_SHOWN])
    versions = ModelVersion.objects.visible_to(actor).filter(training_run__lineage_run=run).select_related("model")
    return RunOverview(
        run=run,
        graph=graph(actor, [run_thing(run)], upstream=2, downstream=2),
        events=events,
        datasets=_datasets([event.body for event in events]),
        versions=list(versions.order_by("pk")[:EVENTS_SHOWN]),
    )


def _datasets(bodies: Sequence[Mapping[str, Any]]) -> list[DatasetSaid]:
    found: dict[tuple[str, str, str], DatasetSaid] = {}
    for body in bodies:
        for side, more in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
            for dataset in body.get(side) or ():
                facets = {**(dataset.get("facets") or {}), **(dataset.get(more) or {})}
                said = _dataset(side, dataset, facets)
                found[said.side, said.namespace, said.name] = said
    return list(found.values())


def _dataset(side: str, dataset: Mapping[str, Any], facets: Mapping[str, Any]) -> DatasetSaid:
    """Return what the facets say, as far as they have the shape that they should have."""
    quality = facets.get("dataQualityMetrics") or {}
    measured = quality.get("columnMetrics")
    measured = measured if isinstance(measured, dict) else {}
    fields = (facets.get("schema") or {}).get("fields")
    types = {
        str(one.get("name")): str(one.get("type") or "")
        for one in (fields if isinstance(fields, list) else ())
        if isinstance(one, dict)
    }
    columns = []
    for name in dict.fromkeys([*types, *measured]):
        counts = measured.get(name)
        counts = counts if isinstance(counts, dict) else {}
        columns.append((name, types.get(name, ""), counts.get("nullCount"), counts.get("distinctCount")))
    told = [quality, *(facets.get(name) or {} for name in ("outputStatistics", "inputStatistics"))]
    rows = next((one["rowCount"] for one in told if isinstance(one.get("rowCount"), int)), None)
    version = str((facets.get("version") or {}).get("datasetVersion") or "")
    return DatasetSaid(side.removesuffix("s"), dataset["namespace"], dataset["name"], version, rows, columns)
