import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.choices import Stage
from registry.models import RegisteredModel, UseCase
from registry.selectors import champion_of, stages_of, stages_without_owner, with_state_now, without_owner
from tests.factories.accounts import TeamFactory, UserFactory
from tests.factories.registry import (
    ActiveReleaseFactory,
    PipelineStageFactory,
    RegisteredModelFactory,
    ReleaseFactory,
    SealedVersionFactory,
    UseCaseFactory,
    own_all_stages,
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


def test_six_stages_stand_in_order_whatever_has_a_row() -> None:
    ada = UserFactory.create()
    model = RegisteredModelFactory.build(team=TeamFactory.create(), owner=ada)
    model.save()
    PipelineStageFactory.create(model=model, stage="validation", owner_user=ada)
    found = stages_of(model)
    assert [row.stage for row in found] == Stage.values
    assert [row.stage for row in found if row.state == "owned"] == ["validation"]


def test_stages_without_an_owner_are_all_that_nobody_answers_for_now() -> None:
    model = RegisteredModelFactory.create()
    bare = RegisteredModelFactory.build(team=model.team, owner=model.owner)
    bare.save()
    gone = UserFactory.create(is_active=False)
    PipelineStageFactory.create(model=model, stage="training")
    PipelineStageFactory.create(model=model, stage="features", owner_user=None, owner_team=model.team)
    PipelineStageFactory.create(model=model, stage="monitoring", owner_user=gone)
    counted = RegisteredModel.objects.annotate(number=without_owner())
    assert dict(counted.values_list("pk", "number")) == {model.pk: 4, bare.pk: 6}
    assert (stages_without_owner(model), stages_without_owner(bare)) == (4, 6)


def test_counting_takes_one_query_for_however_many_models() -> None:
    for model in RegisteredModelFactory.create_batch(3):
        own_all_stages(model, model.owner)
    with CaptureQueriesContext(connection) as captured:
        counted = RegisteredModel.objects.annotate(number=without_owner())
        assert set(counted.values_list("number", flat=True)) == {0}
    assert len(captured) == 1


def test_an_approved_use_case_is_in_use_while_a_model_of_it_is_in_production() -> None:
    approved, proposed, idle = UseCaseFactory.create(approved=True), UseCaseFactory.create(), UseCaseFactory.create()
    for use_case in (approved, approved, proposed):
        ActiveReleaseFactory.create(version__model__use_case=use_case)
    ActiveReleaseFactory.create(version__model__use_case=idle, environment="staging")
    found = {row.pk: (row.state_now, row.is_live) for row in with_state_now(UseCase.objects.all())}
    assert found == {
        approved.pk: ("in_use", True), proposed.pk: ("proposed", True), idle.pk: ("proposed", False)
    }  # fmt: skip
