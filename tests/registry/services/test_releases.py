import pytest

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.errors import Forbidden, Invalid
from registry.errors import NotUsable
from registry.models import FeaturePipelineVersion, ModelVersion
from registry.services.releases import plan_release
from tests.factories.registry import (
    ActiveReleaseFactory,
    FeaturePipelineVersionFactory,
    SealedVersionFactory,
    VersionFactory,
)
from tests.portal.ledger.replay import replayed

PLAN = {"environment": "production", "fallback": "A person decides."}


@pytest.fixture
def pipeline(team: Team) -> FeaturePipelineVersion:
    made: FeaturePipelineVersion = FeaturePipelineVersionFactory.create(pipeline__team=team)
    return made


@pytest.fixture
def version(team: Team, pipeline: FeaturePipelineVersion) -> ModelVersion:
    made: ModelVersion = SealedVersionFactory.create(model__team=team, feature_pipeline_version=pipeline)
    return made


def test_a_release_runs_the_version_with_its_feature_pipeline(
    developer: Actor, version: ModelVersion, pipeline: FeaturePipelineVersion
) -> None:
    release = plan_release(actor=developer, version=version, **PLAN)
    assert (release.state, release.feature_pipeline_version) == ("planned", pipeline)
    assert replayed("release") == {str(release.pk): release.public_state()}


def test_a_version_may_be_planned_again(developer: Actor, version: ModelVersion) -> None:
    first = plan_release(actor=developer, version=version, **PLAN)
    assert plan_release(actor=developer, version=version, **PLAN) != first


@pytest.mark.parametrize("state", ["quarantined", "failed"])
def test_a_version_that_is_not_sealed_is_not_planned(developer: Actor, team: Team, state: str) -> None:
    stopped = SealedVersionFactory.create(model__team=team, state=state)
    for version in (stopped, VersionFactory.create(model__team=team)):
        with pytest.raises(NotUsable, match="Only a sealed version"):
            plan_release(actor=developer, version=version, **PLAN)


def test_what_is_active_there_is_not_planned_there(developer: Actor, version: ModelVersion) -> None:
    ActiveReleaseFactory.create(version=version, environment="production")
    with pytest.raises(NotUsable, match="active in production already"):
        plan_release(actor=developer, version=version, **PLAN)
    assert plan_release(actor=developer, version=version, environment="staging", fallback="None.").state == "planned"


def test_wrong_values_and_strangers_are_refused(
    developer: Actor, viewer: Actor, stranger: Actor, version: ModelVersion
) -> None:
    with pytest.raises(Invalid) as refused:
        plan_release(actor=developer, version=version, environment="moon", fallback=" ")
    assert set(refused.value.fields) == {"environment", "fallback"}
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            plan_release(actor=actor, version=version, **PLAN)
