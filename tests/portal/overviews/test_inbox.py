import pytest

from governance.services.gates import evaluate_gate
from monitoring.choices import RunState
from portal.accounts.choices import Role
from portal.accounts.selectors import actor_for_user
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.jobs.models import Job
from portal.overviews.inbox import inbox
from registry.choices import CardState, VersionState
from tests.factories.accounts import TeamFactory, actor_with, person_with
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory, next_version, ready_version
from tests.factories.monitoring import FinishedRunFactory, RunFactory
from tests.factories.registry import (
    ActiveReleaseFactory,
    PipelineStageFactory,
    RegisteredModelFactory,
    SealedVersionFactory,
    own_all_stages,
)
from tests.portal.opened import opened

pytestmark = pytest.mark.django_db


def test_only_who_may_sign_is_waited_for() -> None:
    request = OpenRequestFactory.create()
    team = request.release.model.team
    assert [one.request for one in inbox(actor_with(Role.APPROVER, team=team)).waiting] == [request]
    assert [one.request for one in inbox(actor_with(Role.APPROVER)).waiting] == [request]
    for actor in (
        actor_with(Role.DEVELOPER, team=team),
        actor_with(Role.APPROVER, team=TeamFactory.create()),
        actor_for_user(request.opened_by, interactive=True),
    ):
        assert inbox(actor).waiting == []


def test_who_took_part_is_not_waited_for_whatever_the_role() -> None:
    version = ready_version()
    opener = person_with(Role.DEVELOPER, Role.APPROVER, team=version.model.team)
    OpenRequestFactory.create(version=version, opened_by=opener)
    found = inbox(actor_for_user(opener, interactive=True))
    assert found.waiting == []
    assert [one.stuck for one in found.mine] == [True]


def test_a_signed_or_expired_request_waits_for_nobody() -> None:
    request = ApprovedRequestFactory.create()
    with opened(days_ago=15):
        OpenRequestFactory.create(version=ready_version(team=request.release.model.team))
    assert inbox(actor_with(Role.APPROVER, team=request.release.model.team)).waiting == []


def test_the_most_urgent_comes_first_and_is_marked() -> None:
    team = TeamFactory.create()
    relaxed = OpenRequestFactory.create(version=ready_version(team=team))
    with opened(days_ago=13.5):
        urgent = OpenRequestFactory.create(version=ready_version(team=team))
    found = inbox(actor_with(Role.APPROVER, team=team))
    assert [one.request for one in found.waiting] == [urgent, relaxed]
    assert [one.late for one in found.waiting] == [True, False]
    assert found.heading == "Two things wait for you. One is due within two days."


def test_the_most_urgent_ten_stand_on_the_page_and_all_are_counted() -> None:
    team = TeamFactory.create()
    opener = person_with(Role.DEVELOPER, Role.APPROVER, team=team)
    with opened(days_ago=13.5):
        others = [OpenRequestFactory.create(version=ready_version(team=team)) for _ in range(2)]
        OpenRequestFactory.create(version=ready_version(team=team), opened_by=opener)
    rest = [OpenRequestFactory.create(version=ready_version(team=team)) for _ in range(9)]
    actor = actor_for_user(opener, interactive=True)
    found = inbox(actor)
    assert [one.request for one in found.waiting] == [*others, *rest[:8]]
    assert found.heading.startswith("11 things wait for you. 2 are due within two days.")
    assert [one.request for one in inbox(actor, whole=True).waiting] == [*others, *rest]


def test_of_mine_the_stuck_come_first_then_the_longest_wait() -> None:
    team = TeamFactory.create()
    opener = person_with(Role.DEVELOPER, team=team)
    nora = person_with(Role.APPROVER, team=team, name="Nora")
    first = OpenRequestFactory.create(version=ready_version(team=team), opened_by=opener)
    with opened(days_ago=2):
        second = OpenRequestFactory.create(version=ready_version(team=team), opened_by=opener)
    stuck = OpenRequestFactory.create(version=ready_version(team=team, author=nora), opened_by=opener)
    found = inbox(actor_for_user(opener, interactive=True)).mine
    assert [one.request for one in found] == [stuck, second, first]
    assert [list(one.waits_for) for one in found] == [[], ["Nora"], ["Nora"]]


def test_models_stand_worst_first_and_silence_is_not_health() -> None:
    team = TeamFactory.create()
    names = ("fails", "silent", "fine")
    failing, silent, fine = (
        SealedVersionFactory.create(model=RegisteredModelFactory.create(slug=name, team=team)) for name in names
    )
    RegisteredModelFactory.create(slug="unused", team=team)
    for version in (failing, silent, fine):
        ActiveReleaseFactory.create(version=version)
    FinishedRunFactory.create(version=failing, state=RunState.FAILED)
    FinishedRunFactory.create(version=fine)
    RunFactory.create(version=silent)
    found = inbox(actor_with(Role.VIEWER, team=team))
    assert [(one.model.slug, one.state) for one in found.health] == [
        ("fails", "failed"),
        ("silent", "no_data"),
        ("fine", "passed"),
        ("unused", "planned"),
    ]
    assert found.model_count == 4


def test_versions_that_are_stopped_say_by_what() -> None:
    team = TeamFactory.create()
    refused = SealedVersionFactory.create(
        model=RegisteredModelFactory.create(slug="refused", team=team),
        state=VersionState.QUARANTINED,
        reason="The file imports os.",
    )
    broken = SealedVersionFactory.create(model=RegisteredModelFactory.create(slug="broken", team=team))
    run = FinishedRunFactory.create(version=broken, state=RunState.ERRORED, cause="A score is NaN.")
    gated = ready_version(team=team, values={"auc": 0.5, "auc_lower": 0.4}, state=RunState.FAILED, cause="Too weak.")
    fresh = next_version(model=ready_version(team=team).model)
    evaluate_gate(actor=SYSTEM, version=fresh, environment="production")
    found = {one.version: one for one in inbox(actor_with(Role.VIEWER, team=team)).stopped}
    assert found[refused].why == "The file imports os."
    assert found[broken].why == "A score is NaN."
    assert found[broken].url == run.get_absolute_url()
    assert found[gated].why == "Too weak."
    assert fresh not in found


def test_a_version_that_the_gate_stops_names_the_checks() -> None:
    version = ready_version()
    version.model.card_revisions.update(state=CardState.SUPERSEDED)
    evaluate_gate(actor=SYSTEM, version=version, environment="production")
    (found,) = inbox(actor_with(Role.VIEWER, team=version.model.team)).stopped
    assert found.words == "Gate not passed"
    assert "Card complete and published" in found.why
    assert found.url == f"{version.get_absolute_url()}#gate"


def test_a_failed_run_that_the_gate_read_names_the_checks_instead_of_raw_numbers() -> None:
    version = ready_version(state=RunState.FAILED, cause="auc: p 0.0123.")
    actor = actor_with(Role.VIEWER, team=version.model.team)
    evaluate_gate(actor=SYSTEM, version=version, environment="production")
    (found,) = inbox(actor).stopped
    assert found.why == "“Validation passed on rows held out” failed"
    assert found.words == "Validation failed"
    FinishedRunFactory.create(
        version=version, plan=version.model.validation_plans.get(), state=RunState.FAILED, cause="Too weak."
    )
    assert [one.why for one in inbox(actor).stopped] == ["Too weak."]


def test_a_newer_version_takes_the_place_of_one_that_was_stopped() -> None:
    version = ready_version(state=RunState.FAILED, cause="Too weak.")
    actor = actor_with(Role.VIEWER, team=version.model.team)
    assert [one.version for one in inbox(actor).stopped] == [version]
    next_version(model=version.model)
    assert inbox(actor).stopped == []


def test_work_shows_its_progress_and_links_to_its_run() -> None:
    run = RunFactory.create(state=RunState.RUNNING)
    team = run.version.model.team
    job = Job.objects.create(
        kind="monitoring.validate", subject_type="run", subject_id=str(run.pk), subject_label=str(run),
        team_id=team.pk, actor_id="system", arguments={}, state="running", progress_done=3, progress_total=9,
        progress_message="Scoring", created_at=now(),
    )  # fmt: skip
    run.job_id = job.pk
    run.save(update_fields=["job_id"])
    (found,) = inbox(actor_with(Role.VIEWER, team=team)).working
    assert found.title == f"Validate: {run}"
    assert found.url == run.get_absolute_url()
    assert (found.work.state, found.work.done, found.work.total, found.work.message) == ("running", 3, 9, "Scoring")
    assert inbox(actor_with(Role.VIEWER, team=TeamFactory.create())).working == []


def test_another_teams_things_are_nowhere_on_the_page() -> None:
    request = OpenRequestFactory.create()
    SealedVersionFactory.create(state=VersionState.QUARANTINED)
    found = inbox(actor_with(Role.APPROVER, Role.DEVELOPER, team=TeamFactory.create()))
    assert (found.waiting, found.mine, found.health, found.stopped, found.recent) == ([], [], [], [], [])
    assert found.newcomer
    assert request.pk


def test_who_may_read_nothing_has_an_empty_page() -> None:
    assert inbox(actor_with(Role.ADMIN)).newcomer


def test_stages_without_an_owner_wait_for_who_may_name_one_the_highest_tier_first() -> None:
    team = TeamFactory.create()
    low, high = RegisteredModelFactory.create(team=team, tier=3), RegisteredModelFactory.create(team=team, tier=1)
    owned = RegisteredModelFactory.create(team=team)
    own_all_stages(owned, owned.owner)
    PipelineStageFactory.create(model=low)
    other = RegisteredModelFactory.create(tier=2)
    developer = actor_with(Role.DEVELOPER, team=team)
    assert [(one.model, one.stages) for one in inbox(developer).unowned] == [(high, 6), (low, 5)]
    assert [one.model for one in inbox(SYSTEM).unowned] == [high, other, low]
    assert inbox(actor_with(Role.APPROVER, team=team)).unowned == []
