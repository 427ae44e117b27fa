import pytest

from portal.core.actors import SYSTEM
from portal.overviews.lineage_things import Key, roots_of, things
from registry.choices import LineageKind
from registry.rules.lineage import named
from tests.factories.accounts import actor_with
from tests.factories.lineage import LineageRunFactory
from tests.factories.registry import (
    ActiveReleaseFactory,
    FeaturePipelineVersionFactory,
    ReleaseFactory,
    SealedVersionFactory,
    TrainingRunFactory,
)

pytestmark = pytest.mark.django_db


def found(name: str) -> list[str]:
    asked = named(name)
    assert asked is not None
    return [f"{thing.key.kind} {thing.name}" for thing in roots_of(SYSTEM, asked)]


def test_each_thing_is_found_by_the_name_that_it_gives_itself() -> None:
    pipeline = FeaturePipelineVersionFactory.create()
    version = SealedVersionFactory.create(feature_pipeline_version=pipeline)
    release = ActiveReleaseFactory.create(version=version)
    run = LineageRunFactory.create(commit="v1", repository="https://git.example.org/x")
    keys = [
        Key(LineageKind.VERSION, version.pk), Key(LineageKind.MODEL, version.model_id), Key(LineageKind.RUN, run.pk),
        Key(LineageKind.SNAPSHOT, version.training_run.training_snapshot_id), Key(LineageKind.PIPELINE, pipeline.pk),
        Key(LineageKind.RELEASE, release.pk), Key(LineageKind.COMMIT, (run.repository, run.commit)),
    ]  # fmt: skip
    for key, thing in things(SYSTEM, keys).items():
        asked = named(thing.reference)
        assert asked is not None
        assert [one.key for one in roots_of(SYSTEM, asked)] == [key]
        assert thing.lineage_url.startswith("/lineage?of=")
    assert len(things(SYSTEM, keys)) == len(keys)
    assert list(things(actor_with(), keys)) == [keys[-1]], "a commit alone says nothing of anybody"


def test_a_commit_is_found_by_its_beginning_wherever_it_is_named() -> None:
    commit = "5f2c1e0b7a9d4c3e8b6f0a1d2c3b4a5968778695"
    SealedVersionFactory.create(training_run=TrainingRunFactory.create(commit=commit))
    FeaturePipelineVersionFactory.create(commit=commit)
    assert found("5F2C1E0") == [f"commit {commit[:12]}"] * 2, "of two repositories"
    assert found("5f2c1e1") == []


def test_a_digest_leads_to_snapshot_version_file_and_pipeline() -> None:
    version = SealedVersionFactory.create(feature_pipeline_version=FeaturePipelineVersionFactory.create())
    for digest in (version.digest, version.artifacts.get().sha256):
        assert found(digest) == [f"version {version}"]
    assert found(version.feature_pipeline_version.digest) == [f"pipeline {version.feature_pipeline_version}"]
    snapshot = version.training_run.training_snapshot
    assert found(snapshot.sha256[:12]) == [f"snapshot {snapshot}"]


def test_a_release_that_is_not_active_is_none() -> None:
    assert found(f"release:{ReleaseFactory.create().pk}") == []
