from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.services.gates import evaluate_gate
from portal.accounts.choices import Role
from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from portal.overviews.models import model_overview, open_request_of, teams_of_models, with_standing
from registry.choices import ReleaseState
from registry.models import RegisteredModel
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory, next_version, ready_version
from tests.factories.monitoring import FinishedRunFactory
from tests.factories.registry import (
    ActiveReleaseFactory,
    CardRevisionFactory,
    PipelineStageFactory,
    RegisteredModelFactory,
    ReleaseFactory,
    SealedVersionFactory,
    VersionFactory,
    own_all_stages,
)

pytestmark = pytest.mark.django_db


def standing(actor: Actor) -> Any:
    return with_standing(RegisteredModel.objects.visible_to(actor).with_names())


def test_the_table_says_what_serves_and_how_the_newest_version_stands() -> None:
    request = ApprovedRequestFactory.create()
    champion = request.release.version
    waiting = OpenRequestFactory.create(version=next_version(model=champion.model, champion=champion))
    VersionFactory.create(model=champion.model)
    row: Any = standing(SYSTEM).get(pk=champion.model_id)
    assert (row.production_number, row.newest_number, row.newest_state) == (1, 3, "receiving")
    assert (row.newest_run_state, row.newest_run_number) == ("passed", 2)
    assert (row.gate_outcome, row.gate_number) == ("passed", 2)
    assert (row.waiting_request, row.waiting_number) == (waiting.pk, 2)
    assert row.production_since == request.release.activated_at or row.production_since is not None


def test_a_model_without_versions_has_nothing_to_say() -> None:
    row: Any = standing(SYSTEM).get(pk=RegisteredModelFactory.create().pk)
    assert (row.production_number, row.newest_number, row.newest_run_state, row.gate_outcome) == (None,) * 4


def test_only_ones_own_teams_models_and_teams_are_listed() -> None:
    ours, theirs = RegisteredModelFactory.create(), RegisteredModelFactory.create()
    actor = actor_with(Role.VIEWER, team=ours.team)
    assert list(standing(actor)) == [ours]
    assert teams_of_models(actor) == [(ours.team.slug, ours.team.name)]
    assert (theirs.team.slug, theirs.team.name) in teams_of_models(actor_with(Role.AUDITOR))


def test_a_team_with_two_models_is_named_once() -> None:
    team = TeamFactory.create()
    RegisteredModelFactory.create_batch(2, team=team)
    assert teams_of_models(actor_with(Role.VIEWER, team=team)) == [(team.slug, team.name)]


def test_a_new_model_has_nothing_yet() -> None:
    overview = model_overview(SYSTEM, RegisteredModelFactory.create())
    assert (overview.active, overview.allowed_by, overview.candidate, overview.card, overview.plan) == (None,) * 5
    assert (overview.versions, overview.open_requests, overview.releases, overview.margins) == ([], [], [], [])
    assert overview.change_heading == ""


def test_what_serves_names_the_request_that_allowed_it() -> None:
    request = ApprovedRequestFactory.create()
    overview = model_overview(SYSTEM, request.release.model)
    assert overview.active == request.release
    assert overview.allowed_by is not None
    assert (overview.allowed_by.request, overview.allowed_by.state) == (request, "approved")
    assert (overview.allowed_by.signed, overview.allowed_by.seats) == (1, 1)
    assert overview.open_requests == []


def test_the_change_shown_is_the_one_that_waits_for_a_decision() -> None:
    champion = ApprovedRequestFactory.create().release.version
    asked_for = next_version(model=champion.model, champion=champion)
    OpenRequestFactory.create(version=asked_for)
    newest = SealedVersionFactory.create(model=champion.model)
    overview = model_overview(SYSTEM, RegisteredModel.objects.get(pk=champion.model_id))
    assert newest.number == 3
    assert overview.candidate == asked_for
    assert overview.change_heading == "v2 against v1"
    assert "Commit" in [change.what for change in overview.changes]
    assert [line.signed for line in overview.open_requests] == [0]


def test_without_a_request_the_newest_sealed_version_would_follow() -> None:
    champion = ActiveReleaseFactory.create().version
    sealed = SealedVersionFactory.create(model=champion.model)
    VersionFactory.create(model=champion.model)
    assert model_overview(SYSTEM, champion.model).candidate == sealed


def test_nothing_older_than_production_would_follow_it() -> None:
    older = SealedVersionFactory.create()
    ActiveReleaseFactory.create(version=SealedVersionFactory.create(model=older.model))
    overview = model_overview(SYSTEM, older.model)
    assert (overview.candidate, overview.changes) == (None, [])


def test_a_version_that_served_already_is_not_next() -> None:
    champion = ActiveReleaseFactory.create().version
    former = SealedVersionFactory.create(model=champion.model)
    ReleaseFactory.create(version=former, state=ReleaseState.SUPERSEDED, activated_at=now())
    overview = model_overview(SYSTEM, champion.model)
    assert (overview.candidate, overview.changes) == (None, [])
    never = SealedVersionFactory.create(model=champion.model)
    ReleaseFactory.create(version=never)
    assert model_overview(SYSTEM, champion.model).candidate == never


def test_each_version_stands_with_its_run_gate_release_and_headline_measure() -> None:
    version = ready_version(values={"auc": 0.71})
    evaluate_gate(actor=SYSTEM, version=version, environment="production")
    bare = SealedVersionFactory.create(model=version.model)
    overview = model_overview(SYSTEM, version.model)
    newer, older = overview.versions
    assert overview.headline is not None
    assert overview.headline.key == "auc"
    assert (newer.version, newer.run, newer.gate, newer.headline, newer.release) == (bare, None, None, None, None)
    assert older.headline is not None
    assert older.headline.value == 0.71
    assert older.run == version.validation_runs.get()
    assert older.gate == version.gate_evaluations.get()


def test_margins_are_named_as_people_name_them() -> None:
    overview = model_overview(SYSTEM, FinishedRunFactory.create().version.model)
    assert overview.margins == [("AUC", 0.01), ("Log loss", 0.01)]


def test_only_the_published_card_is_the_models_card() -> None:
    card = CardRevisionFactory.create()
    CardRevisionFactory.create(model=card.model, state="draft")
    assert model_overview(SYSTEM, card.model).card == card


def test_stages_say_how_many_nobody_answers_for() -> None:
    model = RegisteredModelFactory.create()
    PipelineStageFactory.create(model=model)
    row: Any = standing(SYSTEM).get(pk=model.pk)
    assert row.stages_without_owner == 5
    assert model_overview(SYSTEM, model).stages_words == "5 of 6 without an owner"
    own_all_stages(model, model.owner)
    overview = model_overview(SYSTEM, model)
    assert (overview.stages_without_owner, overview.stages_words) == (0, "")


def test_the_open_request_is_what_a_changed_card_would_void() -> None:
    request = OpenRequestFactory.create()
    assert open_request_of(request.release.model) == request
    assert open_request_of(RegisteredModelFactory.create()) is None


def test_the_table_takes_one_query_however_long_it_is() -> None:
    ready_version()
    with CaptureQueriesContext(connection) as few:
        list(standing(SYSTEM))
    RegisteredModelFactory.create_batch(5)
    with CaptureQueriesContext(connection) as many:
        list(standing(SYSTEM))
    assert len(many) == len(few) == 1


def test_a_models_page_asks_no_more_for_more_versions() -> None:
    version = ready_version()
    with CaptureQueriesContext(connection) as few:
        model_overview(SYSTEM, version.model)
    for _ in range(3):
        next_version(model=version.model)
    with CaptureQueriesContext(connection) as many:
        model_overview(SYSTEM, version.model)
    assert len(many) == len(few)
