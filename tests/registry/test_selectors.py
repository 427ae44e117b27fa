import pytest

from registry.selectors import champion_of
from tests.factories.registry import ActiveReleaseFactory, RegisteredModelFactory, ReleaseFactory, SealedVersionFactory

pytestmark = pytest.mark.django_db


def test_champion_is_the_version_of_the_active_release_in_production() -> None:
    model = RegisteredModelFactory.create()
    assert champion_of(model) is None
    ReleaseFactory.create(version=SealedVersionFactory.create(model=model))
    staged = ActiveReleaseFactory.create(version=SealedVersionFactory.create(model=model), environment="staging")
    ActiveReleaseFactory.create()
    assert champion_of(model) is None
    active = ActiveReleaseFactory.create(version=SealedVersionFactory.create(model=model))
    assert (champion_of(model), champion_of(model, "staging")) == (active.version, staged.version)


def test_a_former_champion_is_none() -> None:
    release = ActiveReleaseFactory.create()
    release.state = "superseded"
    release.save()
    assert champion_of(release.model) is None


def test_a_version_that_is_active_in_one_environment_and_was_in_another_is_found_only_there() -> None:
    release = ActiveReleaseFactory.create(environment="staging")
    ReleaseFactory.create(version=release.version, environment="production")
    assert champion_of(release.model) is None
