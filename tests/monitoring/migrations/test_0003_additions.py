"""Nothing is measured or checked in a run that has not begun or has ended."""

import pytest
from django.db import DatabaseError, transaction

from monitoring.choices import RunState
from monitoring.models import Measurement, ValidationCheck
from tests.factories.monitoring import RunFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.mark.parametrize("state", [state for state in RunState if state != RunState.RUNNING])
def test_only_a_running_run_takes_measurements_and_checks(state: RunState) -> None:
    run = RunFactory.create(state=state)
    words = f"is {state}, so monitoring_"
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        Measurement.objects.create(run=run, measured="candidate", name="auc", value=0.99, n=9)
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        ValidationCheck.objects.create(run=run, position=1, key="schema", title="Schema", outcome="passed")


def test_what_a_run_finds_while_it_runs_is_kept() -> None:
    run = RunFactory.create(state=RunState.RUNNING)
    Measurement.objects.create(run=run, measured="candidate", name="auc", value=0.99, n=9)
    assert run.measurements.count() == 1
