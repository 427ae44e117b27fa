import pytest

from portal.core.actors import SYSTEM
from portal.overviews.lineage_runs import run_overview, runs_table
from tests.factories.accounts import actor_with
from tests.factories.lineage import LineageEventFactory, LineageRunFactory, elsewhere, openlineage_event
from tests.factories.registry import TrainingRunFactory, VersionFactory

pytestmark = pytest.mark.django_db


def test_runs_are_narrowed_by_job_and_state_and_say_what_led_nowhere() -> None:
    event = LineageEventFactory.create()
    other = LineageRunFactory.create(name="score", state="running", ended_at=None)
    assert [(run, run.has_unread) for run in runs_table(SYSTEM)] == [(other, False), (event.run, True)]  # type: ignore[attr-defined]
    assert list(runs_table(SYSTEM, query="SCO")) == [other]
    assert list(runs_table(SYSTEM, state="complete")) == [event.run]
    assert runs_table(SYSTEM, state="nonsense").count() == 2
    assert not runs_table(actor_with()).exists()


def test_a_run_shows_what_its_events_said() -> None:
    run = LineageRunFactory.create()
    quality = {"rowCount": 12, "columnMetrics": {"day": {"nullCount": 1, "distinctCount": 9}, "x": "odd"}}
    schema = {"fields": [{"name": "day", "type": "date"}, "odd"]}
    body = openlineage_event(
        run.run_id,
        inputs=[elsewhere("loans", "a" * 64, schema=schema, dataQualityMetrics=quality)],
        outputs=[elsewhere("y")],
    )
    for event_type in ("START", "COMPLETE"):
        LineageEventFactory.create(run=run, event_type=event_type, body=body)
    version = VersionFactory.create(training_run=TrainingRunFactory.create(lineage_run=run))
    overview = run_overview(SYSTEM, run)
    loans, other = overview.datasets
    assert (loans.side, loans.version, loans.rows) == ("input", "a" * 64, 12)
    assert loans.columns == [("day", "date", 1, 9), ("x", "", None, None)]
    assert (other.side, other.rows) == ("output", None)
    assert overview.versions == [version]
    assert len(overview.unread) == 1
