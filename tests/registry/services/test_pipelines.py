import pytest

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.errors import Forbidden, Invalid
from registry.errors import PipelineVersionExists, SlugTaken
from registry.models import FeaturePipeline
from registry.services.pipelines import register_pipeline, register_pipeline_version
from tests.factories.registry import FeaturePipelineFactory
from tests.portal.ledger.replay import replayed

REPOSITORY = "https://git.example.org/f"


@pytest.fixture
def pipeline(team: Team) -> FeaturePipeline:
    made: FeaturePipeline = FeaturePipelineFactory.create(team=team)
    return made


def test_a_pipeline_is_registered_once(developer: Actor, viewer: Actor, team: Team) -> None:
    pipeline = register_pipeline(actor=developer, slug="features", name="Features", team=team)
    assert replayed("feature_pipeline") == {str(pipeline.pk): pipeline.public_state()}
    with pytest.raises(SlugTaken):
        register_pipeline(actor=developer, slug="features", name="Features", team=team)
    with pytest.raises(Invalid):
        register_pipeline(actor=developer, slug="", name="", team=team)
    with pytest.raises(Forbidden):
        register_pipeline(actor=viewer, slug="other", name="Other", team=team)


def test_versions_are_numbered_and_name_their_author(developer: Actor, pipeline: FeaturePipeline) -> None:
    made = [
        register_pipeline_version(
            actor=developer, pipeline=pipeline, repository=REPOSITORY, commit=commit, columns=["a"]
        )
        for commit in ("c1", "c2")
    ]
    assert [version.number for version in made] == [1, 2]
    assert made[0].digest != made[1].digest
    assert replayed("feature_pipeline_version") == {str(version.pk): version.public_state() for version in made}
    assert made[0].public_state()["author"] == developer.id


def test_the_same_version_is_not_made_twice(developer: Actor, pipeline: FeaturePipeline) -> None:
    register_pipeline_version(actor=developer, pipeline=pipeline, repository=REPOSITORY, commit="c", columns=["a"])
    with pytest.raises(PipelineVersionExists, match="version 1"):
        register_pipeline_version(actor=developer, pipeline=pipeline, repository=REPOSITORY, commit="c", columns=["a"])


def test_what_is_wrong_and_who_may_not_is_refused(developer: Actor, stranger: Actor, pipeline: FeaturePipeline) -> None:
    with pytest.raises(Invalid) as refused:
        register_pipeline_version(actor=developer, pipeline=pipeline, repository="", commit="", columns=[])
    assert set(refused.value.fields) == {"repository", "commit", "columns"}
    with pytest.raises(Forbidden):
        register_pipeline_version(actor=stranger, pipeline=pipeline, repository=REPOSITORY, commit="c", columns=["a"])
