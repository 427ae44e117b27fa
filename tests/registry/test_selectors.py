import pytest

from registry.models import UseCase
from registry.selectors import champion_of, with_state_now
from tests.factories.registry import (
    ActiveReleaseFactory,
    RegisteredModelFactory,
    ReleaseFactory,
    SealedVersionFactory,
    UseCaseFactory,
)

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


def test_an_approved_use_case_is_in_use_while_a_model_of_it_is_in_production() -> None:
    approved, proposed, idle = UseCaseFactory.create(approved=True), UseCaseFactory.create(), UseCaseFactory.create()
    for use_case in (approved, approved, proposed):
        ActiveReleaseFactory.create(version__model__use_case=use_case)
    ActiveReleaseFactory.create(version__model__use_case=idle, environment="staging")
    found = {row.pk: (row.state_now, row.is_live) for row in with_state_now(UseCase.objects.all())}
    assert found == {
        approved.pk: ("in_use", True), proposed.pk: ("proposed", True), idle.pk: ("proposed", False)
    }  # fmt: skip
