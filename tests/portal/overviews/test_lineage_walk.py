import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.choices import Role
from portal.core.actors import SYSTEM, Actor
from portal.overviews.lineage_things import Key, things
from portal.overviews.lineage_walk import Walk, walk, way_to
from registry.choices import LineageKind
from registry.models import DatasetSnapshot, ModelVersion
from tests.factories.accounts import actor_with
from tests.factories.lineage import LineageEdgeFactory, LineageRunFactory
from tests.factories.monitoring import PlanFactory, RunFactory
from tests.factories.registry import (
    ActiveReleaseFactory,
    FeaturePipelineVersionFactory,
    RegisteredModelFactory,
    SealedVersionFactory,
    SnapshotFactory,
    TrainingRunFactory,
)

pytestmark = pytest.mark.django_db


def walked(key: Key, *, actor: Actor = SYSTEM, up: int = 0, down: int = 0, most: int = 100) -> Walk:
    return walk(actor, list(things(actor, [key]).values()), upstream=up, downstream=down, most=most)


def names(met: Walk) -> set[str]:
    return {f"{thing.key.kind} {thing.name}" for thing in met.things.values()}


def of(version: ModelVersion) -> Key:
    return Key(LineageKind.VERSION, version.pk)


def of_snapshot(snapshot: DatasetSnapshot) -> Key:
    return Key(LineageKind.SNAPSHOT, snapshot.pk)


def version_on(snapshot: DatasetSnapshot, **columns: object) -> ModelVersion:
    model = columns.pop("model", None) or RegisteredModelFactory.create(team=snapshot.dataset.team)
    training = TrainingRunFactory.create(model=model, training_snapshot=snapshot, **columns)
    made: ModelVersion = SealedVersionFactory.create(model=model, training_run=training)
    return made


def test_a_version_rests_on_data_code_features_run_and_what_it_went_on_from() -> None:
    former = version_on(SnapshotFactory.create())
    run = LineageRunFactory.create()
    version = version_on(SnapshotFactory.create(), parent=former.training_run, lineage_run=run)
    met = walked(of(version), up=1)
    assert names(met) == {
        f"version {version}", f"version {former}", f"run {run.name}",
        f"snapshot {version.training_run.training_snapshot}", f"commit {version.training_run.commit[:12]}",
    }  # fmt: skip
    assert set(met.distance.values()) == {0, -1}
    assert met.further


@pytest.mark.parametrize("kind", ["snapshot", "commit", "pipeline", "run", "parent", "model", "held out"])
def test_a_release_is_reached_from_whatever_it_rests_on(kind: str) -> None:
    pipeline, run, former = (
        FeaturePipelineVersionFactory.create(),
        LineageRunFactory.create(),
        version_on(SnapshotFactory.create()),
    )
    training = TrainingRunFactory.create(parent=former.training_run, lineage_run=run)
    version = SealedVersionFactory.create(
        model=training.model, training_run=training, feature_pipeline_version=pipeline
    )
    plan = PlanFactory.create(model=version.model)
    RunFactory.create(version=version, plan=plan)
    release = ActiveReleaseFactory.create(version=version)
    start = {
        "snapshot": of_snapshot(training.training_snapshot),
        "commit": Key(LineageKind.COMMIT, (training.repository, training.commit)),
        "pipeline": Key(LineageKind.PIPELINE, pipeline.pk),
        "run": Key(LineageKind.RUN, run.pk),
        "parent": of(former),
        "model": Key(LineageKind.MODEL, version.model_id),
        "held out": of_snapshot(plan.held_out),
    }[kind]
    met = walked(start, down=5)
    reached = Key(LineageKind.RELEASE, release.pk)
    assert met.distance[reached] == 2
    assert [thing.key for thing in way_to(met, reached)] == [start, of(version), reached]
    assert not met.further


def test_a_feature_pipelines_commit_reaches_what_reads_its_features() -> None:
    pipeline = FeaturePipelineVersionFactory.create()
    version = SealedVersionFactory.create(feature_pipeline_version=pipeline)
    met = walked(Key(LineageKind.COMMIT, (pipeline.repository, pipeline.commit)), down=2)
    assert of(version) in met.things


def test_stated_dependencies_are_walked_over_models_snapshots_and_runs() -> None:
    first, second = version_on(SnapshotFactory.create()), version_on(SnapshotFactory.create())
    snapshot, run, child = SnapshotFactory.create(), LineageRunFactory.create(), LineageRunFactory.create()
    child.parent = run
    child.save()
    third = version_on(snapshot)
    team = third.model.team
    for above, below in (
        ({"upstream_version": first}, {"downstream_model": second.model}),
        ({"upstream_version": second}, {"downstream_run": run}),
        ({"upstream_run": child}, {"downstream_snapshot": snapshot}),
    ):
        LineageEdgeFactory.create(team=team, **above, **below)
    down = walked(of(first), down=9)
    assert {of(second), of(third)} <= set(down.things)
    assert [down.distance[of(one)] for one in (second, third)] == [2, 6]
    up = walked(of(third), up=9)
    assert {of(second), of(first)} <= set(up.things)


def test_another_models_dependencies_are_not_walked_up_from_a_version() -> None:
    version = version_on(SnapshotFactory.create())
    assert f"model {version.model}" not in names(walked(of(version), up=3))


def test_cycles_end() -> None:
    a, b = version_on(SnapshotFactory.create()), version_on(SnapshotFactory.create())
    for one, other in ((a, b), (b, a)):
        LineageEdgeFactory.create(team=a.model.team, upstream_version=one, downstream_version=other)
    met = walked(of(a), up=8, down=8)
    assert {(of(a), of(b)), (of(b), of(a))} <= set(met.edges)


def test_what_lies_behind_another_teams_thing_is_not_told() -> None:
    mine, theirs, behind = SnapshotFactory.create(), SnapshotFactory.create(), SnapshotFactory.create()
    for one, other in ((mine, theirs), (theirs, behind)):
        LineageEdgeFactory.create(team=other.dataset.team, upstream_snapshot=one, downstream_snapshot=other)
    assert len(walked(of_snapshot(mine), down=3).things) == 3
    reader = actor_with(Role.VIEWER, team=mine.dataset.team)
    alone = walked(of_snapshot(mine), actor=reader, down=3, up=3)
    assert names(alone) == {f"snapshot {mine}"}
    assert alone.edges == {}
    assert alone.complete


def test_more_than_is_wanted_is_not_silently_left_out() -> None:
    snapshot = SnapshotFactory.create()
    for _ in range(3):
        version_on(snapshot)
    met = walked(of_snapshot(snapshot), down=2, most=3)
    assert (len(met.things), met.complete) == (3, False)


def test_the_number_of_queries_does_not_grow_with_the_things() -> None:
    snapshot = SnapshotFactory.create()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            walked(of_snapshot(snapshot), down=4, up=4)
        return len(captured)

    for _ in range(2):
        ActiveReleaseFactory.create(version=version_on(snapshot))
    few = queries()
    for _ in range(10):
        ActiveReleaseFactory.create(version=version_on(snapshot))
    assert queries() == few
