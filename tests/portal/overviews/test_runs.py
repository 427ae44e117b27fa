import pytest

from monitoring.choices import CheckOutcome, RunState
from monitoring.models import ValidationRun
from monitoring.rules.comparisons import Verdict
from portal.accounts.choices import Role
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.jobs.choices import JobState
from portal.jobs.models import Job
from portal.overviews.runs import RunOverview, may_cancel, run_overview
from portal.ui.words import look_of
from tests.factories.accounts import actor_with
from tests.factories.monitoring import FinishedRunFactory, PlanFactory, RunFactory
from tests.factories.registry import SealedVersionFactory

pytestmark = pytest.mark.django_db


def finished(*, champion: bool = False, **columns: object) -> RunOverview:
    version = SealedVersionFactory.create()
    former = SealedVersionFactory.create(model=version.model) if champion else None
    plan = PlanFactory.create(model=version.model)
    run = FinishedRunFactory.create(version=version, plan=plan, champion=former, **columns)
    return run_overview(SYSTEM, ValidationRun.objects.with_names().get(pk=run.pk))


def running(**job_columns: object) -> RunOverview:
    run: ValidationRun = RunFactory.create(state=RunState.RUNNING, started_at=now())
    values = {"kind": "monitoring.validate", "subject_type": "run", "subject_id": str(run.pk), "arguments": {}}
    job = Job.objects.create(
        **values, actor_id="user:7", team_id=run.version.model.team_id, created_at=now(), **job_columns
    )
    run.job_id = job.pk
    return run_overview(SYSTEM, run)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RunState.QUEUED, "v1 waits for its validation."),
        (RunState.RUNNING, "v1 is being validated."),
        (RunState.ERRORED, "v1 could not be validated; it is not passed."),
        (RunState.CANCELLED, "The validation of v1 was cancelled; it is not passed."),
        (RunState.TIMED_OUT, "The validation of v1 took too long; it is not passed."),
        (RunState.FAILED, "v1 does not pass validation."),
    ],
)
def test_the_verdict_of_a_run_without_results_is_never_a_pass(state: RunState, words: str) -> None:
    over = {} if state in {RunState.QUEUED, RunState.RUNNING} else {"finished_at": now()}
    overview = run_overview(SYSTEM, RunFactory.create(state=state, **over))
    assert overview.verdict == words
    assert overview.checks == []
    assert (overview.compared, overview.claims, overview.charts) == ([], [], [])


def test_a_pass_says_how_it_stands_against_production() -> None:
    assert finished(champion=True).verdict == "v1 passes validation; better than production."
    assert finished().verdict == "v1 passes validation; nothing in production to compare with."


def test_a_failure_names_what_did_not_pass() -> None:
    overview = finished(
        state=RunState.FAILED, outcomes={"comparison": CheckOutcome.FAILED, "segments": CheckOutcome.NO_DATA}
    )
    assert overview.verdict == "v1 does not pass validation: compared with production and segments."
    assert [(outcome, number) for outcome, number, _ in overview.counts][:2] == [("failed", 1), ("no_data", 1)]
    assert overview.counts[0][2] == "1 failed"


def test_a_long_list_of_failures_is_cut() -> None:
    keys = ("schema", "missing", "labels", "rows", "scores")
    overview = finished(state=RunState.FAILED, outcomes=dict.fromkeys(keys, CheckOutcome.FAILED))
    assert overview.verdict.endswith("columns and types, missing values, labels and 2 more.")


def test_measures_stand_beside_production_with_difference_margin_and_verdict() -> None:
    compared = {line.name: line for line in finished(champion=True).compared}
    auc, log_loss = compared["auc"], compared["log_loss"]
    assert auc.champion is not None
    assert auc.difference is not None
    assert (auc.verdict, auc.margin, auc.limit, auc.fails) == (Verdict.BETTER, 0.01, -0.01, "below")
    assert (log_loss.limit, log_loss.fails) == (0.01, "above")
    assert auc.pair is not None
    assert auc.holds
    assert auc.difference_words.endswith("margin −0.0100")
    assert auc.pair_words.startswith("production 0.")


def test_judged_measures_come_first_and_others_are_shown_without_alarm() -> None:
    compared = finished(champion=True).compared
    judged = [bool(line.verdict) for line in compared]
    assert judged == sorted(judged, reverse=True)
    plain = compared[-1]
    assert (plain.verdict, plain.limit, plain.difference) == ("", None, None)
    assert plain.holds


def test_without_production_there_is_no_difference() -> None:
    line = finished().compared[0]
    assert (line.champion, line.difference, line.pair) == (None, None, None)
    assert line.difference_interval == ""
    assert line.candidate_words.startswith(("0.", "1."))


def test_every_verdict_has_a_look() -> None:
    for verdict in Verdict:
        assert look_of(verdict)


def test_segments_are_grouped_by_slice_largest_first_on_one_scale() -> None:
    overview = finished(champion=True)
    assert [group.column for group in overview.groups] == ["carrier", "origin"]
    sizes = [line.n or 0 for line in overview.groups[0].assessed]
    assert sizes == sorted(sizes, reverse=True)
    assert [column.key for column in overview.columns] == overview.segment_measures
    start, end = overview.segment_scale
    cells = [line.cells[0] for line in overview.segments]
    assert all(cell and cell.lower and cell.upper and start < cell.lower < cell.upper < end for cell in cells)
    assert overview.segment_overall is not None
    assert overview.segments_aside == "5 of 5 levels assessed"


def test_charts_come_in_pairs() -> None:
    overview = finished(champion=True)
    assert [chart for pair in overview.chart_pairs for chart in pair] == list(overview.charts)
    assert {len(pair) for pair in overview.chart_pairs} <= {1, 2}


def test_n_events_and_the_making_of_intervals_are_said() -> None:
    overview = finished()
    assert overview.n == overview.results["n"]
    assert overview.event_share == overview.results["events"] / overview.results["n"]
    assert overview.interval_words == "95 %, 200 resamples of whole day values"
    assert overview.took is not None


def test_before_the_end_n_is_what_is_held_out() -> None:
    overview = run_overview(SYSTEM, RunFactory.create())
    assert overview.n == overview.run.plan.held_out.rows
    assert (overview.event_share, overview.took, overview.segment_overall) == (None, None, None)
    assert overview.segment_scale[0] < overview.segment_scale[1]


def test_work_is_what_the_job_says() -> None:
    overview = running(state=JobState.RUNNING, progress_done=131, progress_total=214, progress_message="Resampling")
    assert overview.is_open
    assert (overview.work.done, overview.work.total, overview.work.message) == (131, 214, "Resampling")


def test_who_may_cancel_is_decided_by_team_and_role() -> None:
    overview = running(state=JobState.RUNNING)
    team = overview.run.version.model.team
    assert may_cancel(actor_with(Role.DEVELOPER, team=team), overview)
    assert not may_cancel(actor_with(Role.VIEWER, team=team), overview)


def test_what_has_ended_or_is_stopping_can_not_be_cancelled() -> None:
    someone = actor_with(Role.VALIDATOR)
    assert not may_cancel(someone, finished())
    assert not may_cancel(someone, running(state=JobState.RUNNING, cancel_requested=True))
    assert not may_cancel(someone, running(state=JobState.DONE, ended_at=now()))


def test_notes_are_carried_over() -> None:
    notes = finished().notes
    assert all(notes)


def test_checks_keep_their_order() -> None:
    checks = finished().checks
    assert [check.position for check in checks] == list(range(1, len(checks) + 1))
