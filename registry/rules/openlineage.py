"""OpenLineage RunEvents (2-0-2): whether one keeps to the specification, and what it says that is understood here.

https://openlineage.io/spec/2-0-2/OpenLineage.json
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from registry.choices import LineageRunState
from registry.rules.facets import Unread, dataset_facets, job_facets, run_facets
from registry.rules.values import is_text

MOST_DATASETS = 100
"""Inputs, and outputs, of one event."""
LONGEST_NAME = 300
LONGEST_URI = 400
LONGEST_KEY = 100
"""Characters of a facet's name that a refusal repeats."""
DEFAULT_TYPE = "OTHER"
STATES: Mapping[str, LineageRunState | None] = {
    "START": LineageRunState.STARTED,
    "RUNNING": LineageRunState.RUNNING,
    "COMPLETE": LineageRunState.COMPLETE,
    "FAIL": LineageRunState.FAILED,
    "ABORT": LineageRunState.ABORTED,
    DEFAULT_TYPE: None,
}
"""Into which state an event brings its run; OTHER adds what it says and leaves the state."""
ENDED = frozenset({LineageRunState.COMPLETE, LineageRunState.FAILED, LineageRunState.ABORTED})
_ORDER = [LineageRunState.NAMED, LineageRunState.STARTED, LineageRunState.RUNNING]
_FRACTION = re.compile(r"(\.\d{6})\d+")


@dataclass(frozen=True)
class SaidDataset:
    """An input or output: its name, and of its facets what is understood; `sha256` where its version is one."""

    namespace: str
    name: str
    where: str
    sha256: str = ""
    columns: Sequence[Mapping[str, str]] = ()
    rows: int | None = None
    size: int | None = None


@dataclass(frozen=True)
class SaidRun:
    """A run as an event, or the parent facet of another run's event, names it."""

    run_id: UUID
    namespace: str
    name: str


@dataclass(frozen=True)
class SaidEvent:
    """What an event says; `values` are columns of the run by name, where the event has them."""

    run: SaidRun
    event_type: str
    event_time: datetime
    producer: str
    parent: SaidRun | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[SaidDataset] = ()
    outputs: Sequence[SaidDataset] = ()
    unread: Sequence[Unread] = ()


def event_problems(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return where an event breaks the specification, by field."""
    if "run" not in event and ("dataset" in event or "job" in event):
        return {"run": ["Only RunEvents are read: DatasetEvents and JobEvents tell of no run."]}
    return {where: [words] for where, words in _problems(event)}


def _problems(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if event.get("eventType", DEFAULT_TYPE) not in list(STATES):
        yield "eventType", f"Send one of {', '.join(STATES)}."
    if instant_of(event.get("eventTime")) is None:
        yield "eventTime", "Send an instant with its zone, such as 2026-01-31T08:00:00Z."
    for name in ("producer", "schemaURL"):
        if not _is_name(event.get(name), LONGEST_URI):
            yield name, f"Send a URI of at most {LONGEST_URI} characters."
    run, job = event.get("run"), event.get("job")
    if not isinstance(run, Mapping):
        yield "run", "Send an object with runId."
    else:
        if uuid_of(run.get("runId")) is None:
            yield "run.runId", "Send a UUID."
        yield from _facet_problems(run.get("facets"), "run.facets")
    if not isinstance(job, Mapping):
        yield "job", "Send an object with namespace and name."
    else:
        yield from _name_problems(job, "job")
        yield from _facet_problems(job.get("facets"), "job.facets")
    for side, more in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
        yield from _dataset_problems(event.get(side, []), side, more)


def _dataset_problems(sent: Any, side: str, more: str) -> Iterator[tuple[str, str]]:
    if not isinstance(sent, list) or len(sent) > MOST_DATASETS:
        yield side, f"Send a list of at most {MOST_DATASETS} datasets."
        return
    for index, dataset in enumerate(sent):
        where = f"{side}.{index}"
        if not isinstance(dataset, Mapping):
            yield where, "Send an object with namespace and name."
            continue
        yield from _name_problems(dataset, where)
        for facets in ("facets", more):
            yield from _facet_problems(dataset.get(facets), f"{where}.{facets}")


def _name_problems(sent: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    for name in ("namespace", "name"):
        if not _is_name(sent.get(name), LONGEST_NAME):
            yield f"{where}.{name}", f"Send a text of 1 to {LONGEST_NAME} characters."


def _facet_problems(facets: Any, where: str) -> Iterator[tuple[str, str]]:
    if facets is None:
        return
    if not isinstance(facets, Mapping):
        yield where, "Send an object of facets by name."
        return
    for long_name, facet in facets.items():
        name = long_name[:LONGEST_KEY]
        if not isinstance(facet, Mapping):
            yield f"{where}.{name}", "A facet is an object."
        elif not all(_is_name(facet.get(key), LONGEST_URI) for key in ("_producer", "_schemaURL")):
            yield f"{where}.{name}", "A facet names its _producer and its _schemaURL."


def said(event: Mapping[str, Any]) -> SaidEvent:
    """Return what an event without problems says."""
    unread: list[Unread] = []
    run, job = event["run"], event["job"]
    parent, values = run_facets(run.get("facets") or {}, unread)
    values |= job_facets(job.get("facets") or {}, unread)
    at = instant_of(event["eventTime"])
    run_id = uuid_of(run["runId"])
    if at is None or run_id is None:
        raise ValueError("an event with problems")
    return SaidEvent(
        run=SaidRun(run_id, job["namespace"], job["name"]),
        event_type=event.get("eventType", DEFAULT_TYPE),
        event_time=at,
        producer=event["producer"],
        parent=_parent(parent, unread),
        values=values,
        inputs=_datasets(event.get("inputs", []), "inputs", "inputFacets", unread),
        outputs=_datasets(event.get("outputs", []), "outputs", "outputFacets", unread),
        unread=unread,
    )


def _parent(facet: Mapping[str, Any], unread: list[Unread]) -> SaidRun | None:
    run, job = facet.get("run"), facet.get("job")
    found = uuid_of(run.get("runId")) if isinstance(run, Mapping) else None
    named = isinstance(job, Mapping) and all(_is_name(job.get(key), LONGEST_NAME) for key in ("namespace", "name"))
    if found is not None and named and isinstance(job, Mapping):
        return SaidRun(found, job["namespace"], job["name"])
    if facet:
        unread.append(Unread("run.facets.parent", "It names no run by a UUID and no job by namespace and name."))
    return None


def _datasets(sent: Sequence[Any], side: str, more: str, unread: list[Unread]) -> list[SaidDataset]:
    found = []
    for index, dataset in enumerate(sent):
        where = f"{side}.{index}"
        values = dataset_facets(dataset.get("facets") or {}, dataset.get(more) or {}, where, unread)
        found.append(SaidDataset(dataset["namespace"], dataset["name"], where, **values))
    return found


def after(state: str, event_type: str) -> str:
    """Return the state of a run after an event: one that ended stays so, and a late START takes nothing back."""
    brought = STATES[event_type]
    if brought is None or state in ENDED:
        return state
    if brought in ENDED or state not in _ORDER:
        return brought
    return max(LineageRunState(state), brought, key=_ORDER.index)


def instant_of(text: Any) -> datetime | None:
    """Return the instant of an ISO 8601 text with its zone, in UTC; None for any other."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def uuid_of(text: Any) -> UUID | None:
    """Return a UUID, None for what is none."""
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _is_name(value: Any, longest: int) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest and is_text(value)
