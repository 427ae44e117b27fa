import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.core.errors import Forbidden, Invalid, TooLarge
from portal.ledger.models import PendingEntry
from registry.models import Dataset, DatasetSnapshot, LineageEdge, LineageEvent, LineageRun
from registry.rules.snapshots import slug_elsewhere
from registry.services.openlineage import MOST_BYTES, Received, receive_event
from tests.factories.accounts import RoleGrantFactory, TeamFactory, person_with
from tests.factories.lineage import elsewhere, openlineage_event
from tests.factories.registry import DatasetFactory, SnapshotFactory, VersionFactory
from tests.portal.ledger.replay import replayed

RUN = uuid4()


@pytest.fixture
def team(db: None) -> Team:
    made: Team = TeamFactory.create(slug="lending")
    return made


def received(actor: Actor, team: Team, event_type: str = "COMPLETE", **more: Any) -> Received:
    return receive_event(actor=actor, team=team, body=openlineage_event(more.pop("run", RUN), event_type, **more))


def unread_of(event: LineageEvent) -> dict[str, str]:
    return {one["where"]: one["why"] for one in event.unread}


def ends(edge: LineageEdge) -> tuple[str, str]:
    (above, _), (below, _) = edge.ends()
    return above, below


def test_events_of_a_run_make_it_snapshots_by_reference_and_edges(developer: Actor, team: Team) -> None:
    own = {"parameters": {"depth": 3}, "hardware": "8 cores", "seed": 7, "environment_lock_sha256": "c" * 64}
    location = {"repoUrl": "https://git.example.org/m", "url": "https://git.example.org/m", "version": "d" * 40}
    nightly = {"run": {"runId": str(uuid4())}, "job": {"namespace": "lending", "name": "nightly"}}
    received(
        developer, team, "START", eventTime="2026-01-31T07:00:00Z", inputs=[elsewhere("loans.parquet", "a" * 64)],
        run_facets={"parent": nightly, "countersign_training": own}, job_facets={"sourceCodeLocation": location},
    )  # fmt: skip
    schema = {"fields": [{"name": "day", "type": "date"}]}
    quality = {"rowCount": 12, "bytes": 340, "columnMetrics": {}}
    output = elsewhere("scores", f"sha256:{'b' * 64}", schema=schema, dataQualityMetrics=quality)
    event = received(developer, team, outputs=[output]).event
    run = event.run
    assert (run.state, run.hardware, run.seed, run.commit) == ("complete", "8 cores", 7, "d" * 40)
    assert (run.started_at, run.ended_at) == (
        datetime(2026, 1, 31, 7, tzinfo=UTC),
        datetime(2026, 1, 31, 8, tzinfo=UTC),
    )
    assert run.parent is not None
    assert (run.parent.name, run.parent.state) == ("nightly", "named")
    assert event.unread == []
    written = DatasetSnapshot.objects.get(sha256="b" * 64)
    assert (written.state, written.rows, written.size, written.blob) == ("referenced", 12, 340, None)
    assert written.columns == [{"name": "day", "type": "date"}]
    assert written.dataset.slug.startswith("scores-")
    assert "s3://bucket" in written.dataset.description
    assert sorted(map(ends, LineageEdge.objects.all())) == [("run", "snapshot"), ("snapshot", "run")]
    for kind, rows in (("lineage_run", LineageRun), ("lineage_event", LineageEvent), ("lineage_edge", LineageEdge)):
        kept: Any = rows.objects.all()
        assert replayed(kind) == {str(row.pk): row.public_state() for row in kept}
    assert replayed("snapshot")[str(written.pk)] == written.public_state()


def test_the_same_event_is_taken_once(developer: Actor, team: Team) -> None:
    first = received(developer, team, inputs=[elsewhere("x", "a" * 64)])
    again = received(developer, team, inputs=[elsewhere("x", "a" * 64)])
    assert (first.is_new, again.is_new) == (True, False)
    assert first.event == again.event
    assert received(developer, team, eventTime="2026-01-31T08:00:01Z", inputs=[elsewhere("x", "a" * 64)]).is_new
    assert LineageEdge.objects.count() == DatasetSnapshot.objects.count() == LineageRun.objects.count() == 1


def test_a_sign_of_life_is_kept_and_tells_nothing_new_of_the_run(developer: Actor, team: Team) -> None:
    for minute in range(3):
        received(developer, team, "RUNNING", eventTime=f"2026-01-31T08:0{minute}:00Z")
    told = [json.loads(bytes(payload))["event"] for payload in PendingEntry.objects.values_list("payload", flat=True)]
    assert sorted(told) == ["registry.lineage_event.received"] * 3 + ["registry.lineage_run.told"]


def test_bytes_that_the_team_has_are_used_whatever_their_name_elsewhere(developer: Actor, team: Team) -> None:
    held = SnapshotFactory.create(dataset__team=team)
    SnapshotFactory.create(sha256="e" * 64)  # another team's
    received(developer, team, inputs=[elsewhere("a", held.sha256), elsewhere("b", "e" * 64)])
    assert {edge.upstream_snapshot_id for edge in LineageEdge.objects.all()} == {
        held.pk,
        DatasetSnapshot.objects.get(sha256="e" * 64, dataset__team=team).pk,
    }


def test_things_of_the_portal_are_named_in_its_own_namespace(developer: Actor, team: Team) -> None:
    version, other = VersionFactory.create(model__team=team), VersionFactory.create()
    names = [f"version:{one.model.slug}:{one.number}" for one in (version, other)]
    inputs = [{"namespace": "countersign", "name": name} for name in (*names, f"model:{version.model.slug}", "what")]
    event = received(developer, team, inputs=inputs).event
    assert sorted(map(ends, LineageEdge.objects.all())) == [("model", "run"), ("version", "run")]
    assert set(unread_of(event)) == {"inputs.1", "inputs.3"}
    assert "that you may see" in unread_of(event)["inputs.1"]


def test_nothing_is_written_into_another_team(team: Team) -> None:
    theirs = TeamFactory.create()
    person = person_with(Role.DEVELOPER, team=team)
    RoleGrantFactory.create(user=person, role=Role.VIEWER, team=theirs)
    reader = actor_for_user(person, interactive=False)
    version = VersionFactory.create(model__team=theirs)
    output = {"namespace": "countersign", "name": f"version:{version.model.slug}:{version.number}"}
    event = received(reader, team, outputs=[output]).event
    assert "may not record" in unread_of(event)["outputs.0"]
    assert not LineageEdge.objects.exists()


def test_what_has_no_digest_is_kept_visibly(developer: Actor, team: Team) -> None:
    event = received(
        developer, team, inputs=[elsewhere("x", "17"), elsewhere("y")], job_facets={"sql": {"query": "select"}}
    ).event
    assert set(unread_of(event)) == {"inputs.0", "inputs.1", "job.facets.sql"}
    assert "SHA-256" in unread_of(event)["inputs.0"]
    assert event.body["job"]["facets"]["sql"]["query"] == "select"
    assert not Dataset.objects.exists()


def test_a_run_that_failed_says_why_and_stays_failed(developer: Actor, team: Team) -> None:
    message = {"message": "Out of memory", "programmingLanguage": "python"}
    run = received(developer, team, "FAIL", run_facets={"errorMessage": message}).event.run
    assert (run.state, run.failure) == ("failed", "Out of memory")
    event = received(developer, team, "ABORT", eventTime="2026-01-31T09:00:00Z").event
    assert "stays failed" in unread_of(event)["eventType"]
    event = received(developer, team, "START", eventTime="2026-01-31T07:00:00Z").event
    event.run.refresh_from_db()
    assert (event.run.state, event.run.started_at) == ("failed", datetime(2026, 1, 31, 7, tzinfo=UTC))


def test_a_run_that_names_itself_as_its_parent_has_none(developer: Actor, team: Team) -> None:
    parent = {"run": {"runId": str(RUN)}, "job": {"namespace": "lending", "name": "train"}}
    assert received(developer, team, run_facets={"parent": parent}).event.run.parent is None


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"x": float("nan")}, Invalid),
        ({"x": "\0"}, Invalid),
        ({}, Invalid),
        ({"x": "y" * MOST_BYTES}, TooLarge),
    ],
)
def test_what_is_no_event_is_refused(
    developer: Actor, team: Team, body: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        receive_event(actor=developer, team=team, body=body)


def test_it_takes_the_capability_in_the_team(viewer: Actor, stranger: Actor, team: Team) -> None:
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            received(actor, team)
    assert not LineageRun.objects.exists()


def test_a_derived_name_that_another_team_took_leads_into_no_other_team(developer: Actor, team: Team) -> None:
    DatasetFactory.create(slug=slug_elsewhere(team=team.slug, namespace="s3://bucket", name="x"))
    with pytest.raises(Invalid):
        received(developer, team, inputs=[elsewhere("x", "a" * 64)])
    assert not DatasetSnapshot.objects.exists()
