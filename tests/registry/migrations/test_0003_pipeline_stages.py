"""Models from before the stages get six of them, and what a row is about never changes."""

from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from registry.choices import Stage
from registry.models import PipelineStage
from tests.factories.accounts import TeamFactory, UserFactory
from tests.factories.registry import PipelineStageFactory, RegisteredModelFactory
from tests.registry.migrations.test_0002_protection import delete_refused, refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
MIGRATION = import_module("registry.migrations.0003_pipeline_stages")


def test_every_model_from_before_gets_six_stages_in_order_that_nobody_owns() -> None:
    models = RegisteredModelFactory.build_batch(2, team=TeamFactory.create(), owner=UserFactory.create())
    for model in models:
        model.save()
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.FILL, [",".join(MIGRATION.STAGES)])
    for model in models:
        assert [row.stage for row in model.stages.all()] == Stage.values == MIGRATION.STAGES
        assert {(row.state, row.changed_at) for row in model.stages.all()} == {("no_owner", None)}


def test_a_stage_changes_in_who_answers_for_it_alone() -> None:
    row = PipelineStageFactory.create()
    other = RegisteredModelFactory.create()
    assert refused(row, stage="features")
    assert refused(row, model=other)
    assert delete_refused(row)
    assert not refused(row, owner_user=UserFactory.create(), response_hours=4)


def test_what_contradicts_itself_is_no_row() -> None:
    row = PipelineStageFactory.create()
    wrong = (
        {"owner_team": TeamFactory.create()},
        {"backup": row.owner_user},
        {"response_hours": 0},
        {"response_hours": 721},
    )
    for changes in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            PipelineStage.objects.filter(pk=row.pk).update(**changes)
    for stage in ("training", "serving"):
        with pytest.raises(IntegrityError), transaction.atomic():
            PipelineStage.objects.create(model=row.model, stage=stage)
