"""Rows of the lineage, and the events that make them."""

from typing import Any
from uuid import UUID

import factory

from portal.core.canonical import digest_of
from portal.core.clock import now
from registry.choices import LineageRunState
from registry.models import LineageEdge, LineageEvent, LineageRun
from tests.factories.accounts import TeamFactory, UserFactory

FACET = {"_producer": "https://git.example.org/train.py", "_schemaURL": "https://openlineage.io/spec/facets/any.json"}


def openlineage_event(run: UUID | str, event_type: str = "COMPLETE", **more: Any) -> dict[str, Any]:
    """Return a RunEvent at one instant; `run_facets` and `job_facets` go where they belong."""
    facets = {name: {k: FACET | v for k, v in more.pop(name, {}).items()} for name in ("run_facets", "job_facets")}
    return {
        "eventType": event_type,
        "eventTime": "2026-01-31T08:00:00Z",
        "producer": FACET["_producer"],
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(run), "facets": facets["run_facets"]},
        "job": {"namespace": "lending", "name": "train", "facets": facets["job_facets"]},
        **more,
    }


def elsewhere(name: str, sha256: str = "", **facets: Any) -> dict[str, Any]:
    """Return a dataset of an event, of this digest where one is given."""
    version = {"version": FACET | {"datasetVersion": sha256}} if sha256 else {}
    return {"namespace": "s3://bucket", "name": name, "facets": version | {k: FACET | v for k, v in facets.items()}}


class LineageRunFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A run that is complete."""

    class Meta:
        model = LineageRun

    team = factory.SubFactory(TeamFactory)
    run_id = factory.Sequence(lambda n: UUID(int=n + 1))
    namespace = "lending"
    name = "train"
    state = LineageRunState.COMPLETE
    started_at = factory.LazyFunction(now)
    ended_at = factory.LazyFunction(now)
    created_by = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(now)


class LineageEventFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """The event that ended its run, a part of which led nowhere."""

    class Meta:
        model = LineageEvent

    run = factory.SubFactory(LineageRunFactory)
    event_type = "COMPLETE"
    event_time = factory.LazyFunction(now)
    producer = FACET["_producer"]
    body = factory.LazyAttribute(lambda event: openlineage_event(event.run.run_id, event.event_type))
    digest = factory.LazyAttribute(lambda event: digest_of(event.body))
    unread = factory.LazyFunction(lambda: [{"where": "job.facets.sql", "why": "Kept with the event."}])
    received_by = factory.SubFactory(UserFactory)
    received_at = factory.LazyFunction(now)


class LineageEdgeFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A stated dependency: give one `upstream_…` and one `downstream_…`, and the team of what depends."""

    class Meta:
        model = LineageEdge

    stated_by = factory.SubFactory(UserFactory)
    stated_at = factory.LazyFunction(now)
