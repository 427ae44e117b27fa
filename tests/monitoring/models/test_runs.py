"""What was measured can't change, not even by who owns the tables."""

import pytest
from django.db import DatabaseError, transaction

from monitoring.models import Measurement, ValidationCheck, ValidationPlan, ValidationRun
from tests.factories.monitoring import FinishedRunFactory, RunFactory

pytestmark = pytest.mark.django_db


def test_plans_measurements_and_checks_are_insert_only() -> None:
    run = FinishedRunFactory.create()
    assert run.measurements.exists()
    for model, change in (
        (ValidationPlan, {"number": 9}),
        (Measurement, {"value": 1.0}),
        (ValidationCheck, {"outcome": "passed"}),
    ):
        with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
            model._base_manager.update(**change)
        with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
            model._base_manager.all()._raw_delete("default")


@pytest.mark.parametrize("change", [{"state": "passed"}, {"results": {}}, {"cause": ""}, {"champion": None}])
def test_a_finished_run_is_frozen(change: dict[str, object]) -> None:
    run = FinishedRunFactory.create(state="failed", cause="Why.", champion=FinishedRunFactory.create().version)
    with pytest.raises(DatabaseError, match="this row of monitoring_validationrun is failed"), transaction.atomic():
        ValidationRun.objects.filter(pk=run.pk).update(**change)


def test_an_open_run_moves_on() -> None:
    run = RunFactory.create()
    ValidationRun.objects.filter(pk=run.pk).update(state="running")
