from datetime import UTC, datetime
from typing import Any

import pytest

from registry.rules.openlineage import STATES, after, event_problems, instant_of, said

FACET = {"_producer": "https://p", "_schemaURL": "https://s"}
RUN = "0197e0a1-4c3b-7f00-8000-000000000001"


def event(**more: Any) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE", "eventTime": "2026-01-31T08:00:00.123456789Z", "producer": "https://p",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent", "run": {"runId": RUN},
        "job": {"namespace": "lending", "name": "train"}, **more,
    }  # fmt: skip


def test_an_event_that_keeps_to_the_specification_has_no_problems() -> None:
    assert event_problems(event()) == {}
    assert event_problems(event(inputs=[{"namespace": "s3", "name": "x", "facets": {"any": FACET}}])) == {}
    found = said(event())
    assert (str(found.run.run_id), found.event_type) == (RUN, "COMPLETE")
    assert found.event_time == datetime(2026, 1, 31, 8, 0, 0, 123456, UTC)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"eventType": "DONE"}, "eventType"),
        ({"eventType": ["START"]}, "eventType"),
        ({"eventTime": "yesterday"}, "eventTime"),
        ({"eventTime": "2026-01-31T08:00:00"}, "eventTime"),
        ({"eventTime": 1}, "eventTime"),
        ({"producer": ""}, "producer"),
        ({"schemaURL": None}, "schemaURL"),
        ({"run": []}, "run"),
        ({"run": {"runId": "7"}}, "run.runId"),
        ({"run": {"runId": RUN, "facets": []}}, "run.facets"),
        ({"run": {"runId": RUN, "facets": {"parent": {}}}}, "run.facets.parent"),
        ({"job": None}, "job"),
        ({"job": {"namespace": "x", "name": "n" * 301}}, "job.name"),
        ({"job": {"name": "n"}}, "job.namespace"),
        ({"inputs": {}}, "inputs"),
        ({"outputs": [{"namespace": "a", "name": "b"}] * 101}, "outputs"),
        ({"inputs": [1]}, "inputs.0"),
        ({"inputs": [{"namespace": "a"}]}, "inputs.0.name"),
        ({"inputs": [{"namespace": "a", "name": "b", "facets": {"schema": 1}}]}, "inputs.0.facets.schema"),
        ({"outputs": [{"namespace": "a", "name": "b", "outputFacets": {"x": {}}}]}, "outputs.0.outputFacets.x"),
    ],
)
def test_what_breaks_the_specification_is_named(more: dict[str, Any], field: str) -> None:
    assert set(event_problems(event(**more))) == {field}


def test_an_event_of_no_run_is_refused_in_words() -> None:
    body = event(dataset={"namespace": "a", "name": "b"})
    del body["run"]
    assert "Only RunEvents" in event_problems(body)["run"][0]


def test_a_parent_is_understood_or_noted() -> None:
    parent = {"run": {"runId": RUN[:-1] + "2"}, "job": {"namespace": "lending", "name": "nightly"}}
    found = said(event(run={"runId": RUN, "facets": {"parent": FACET | parent}}))
    assert found.parent is not None
    assert found.parent.name == "nightly"
    kinds: list[dict[str, Any]] = [{}, {"run": {"runId": "x"}}, {"run": [], "job": {}}]
    for broken in kinds:
        unread = said(event(run={"runId": RUN, "facets": {"parent": FACET | broken}})).unread
        assert [one.where for one in unread] == ["run.facets.parent"]


@pytest.mark.parametrize("state", ["complete", "failed", "aborted"])
@pytest.mark.parametrize("event_type", STATES)
def test_a_run_that_ended_stays_so(state: str, event_type: str) -> None:
    assert after(state, event_type) == state


@pytest.mark.parametrize(
    ("state", "event_type", "then"),
    [
        ("named", "START", "started"),
        ("started", "RUNNING", "running"),
        ("running", "START", "running"),
        ("named", "OTHER", "named"),
        ("named", "COMPLETE", "complete"),
        ("running", "FAIL", "failed"),
        ("started", "ABORT", "aborted"),
    ],
)
def test_events_bring_a_run_on_in_whatever_order_they_come(state: str, event_type: str, then: str) -> None:
    assert after(state, event_type) == then


def test_an_instant_far_away_is_none() -> None:
    assert instant_of("0001-01-01T00:00:00+14:00") is None
