import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import User
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.governance import OpenRequestFactory, ready_version
from tests.factories.registry import FindingFactory, PipelineStageFactory, RegisteredModelFactory
from tests.portal.opened import opened

pytestmark = pytest.mark.django_db


def home_of(client: Client, user: User) -> str:
    client.force_login(user)
    return client.get(reverse("home")).content.decode()


def test_nobody_enters_without_signing_in(client: Client) -> None:
    assert client.get(reverse("home")).headers["Location"].startswith(reverse("account_login"))


def test_the_front_door_claims_no_number_of_signatures(client: Client) -> None:
    page = client.get(reverse("account_login")).content.decode()
    assert "Every model in use, signed for." in page
    assert "twice" not in page


def test_a_newcomer_is_led_to_the_quick_start(client: Client) -> None:
    page = home_of(client, person_with(Role.DEVELOPER, team=TeamFactory.create()))
    assert "Nothing is registered yet." in page
    assert f'<a class="btn primary" href="{reverse("quick_start")}">' in page
    assert "Waiting for you" not in page


def test_what_waits_for_me_is_one_click_away(client: Client) -> None:
    request = OpenRequestFactory.create()
    page = home_of(client, person_with(Role.APPROVER, team=request.release.model.team))
    assert "One thing waits for you." in page
    assert f'href="{request.get_absolute_url()}" aria-label="Decide on {request.release.version}' in page
    assert "Yours would be the only signature." in page


def test_a_finding_that_nobody_holds_is_all_that_waits_and_the_page_says_nothing_else(client: Client) -> None:
    owner = person_with(Role.DEVELOPER)
    finding = FindingFactory.create(severity="high", model__owner=owner)
    page = home_of(client, person_with(Role.VALIDATOR))
    assert "One thing waits for you." in page
    assert "Findings that nobody holds" in page
    assert f"Nobody holds it; raised by {finding.raised_by.name}, second line." in page
    assert "request waits for you" not in page
    assert "Nothing waits for you." not in page
    page = home_of(client, owner)
    assert "Nothing waits for you." in page
    assert "Nobody holds them yet" in page


def test_what_is_less_urgent_is_one_more_click_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.overviews.inbox.WAITING_SHOWN", 1)
    team = TeamFactory.create()
    requests = [OpenRequestFactory.create(version=ready_version(team=team)) for _ in range(2)]
    page = home_of(client, person_with(Role.APPROVER, team=team))
    assert "Two things wait for you." in page
    assert 'The 1 most urgent. <a href="?all#waiting">All 2</a>' in page
    assert requests[1].get_absolute_url() not in page
    whole = client.get(reverse("home"), {"all": ""}).content.decode()
    assert all(request.get_absolute_url() in whole for request in requests)
    assert "most urgent. <a" not in whole


def test_stages_without_an_owner_are_shown_to_who_may_name_one(client: Client) -> None:
    model = RegisteredModelFactory.create(slug="late-arrival")
    developer = person_with(Role.DEVELOPER, team=model.team)
    PipelineStageFactory.create(model=model, owner_user=developer)
    page = home_of(client, developer)
    assert f'href="{model.get_absolute_url()}#stages">late-arrival' in page
    assert "5 of 6 stages" in page
    assert f'href="{reverse("models")}?unowned=true"' in page
    assert "Stages without an owner" not in home_of(client, person_with(Role.VIEWER, team=model.team))


def test_what_of_mine_waits_says_for_whom_and_since_when(client: Client) -> None:
    request = OpenRequestFactory.create()
    for name in ("Nora", "Otto"):
        person_with(Role.APPROVER, team=request.release.model.team, name=name)
    page = home_of(client, request.opened_by)
    mine = page[page.index('id="mine"') :]
    assert "Nora, Otto" in mine
    assert "under a second ago" in mine or "ago</time>" in mine
    assert "Due in" in mine
    assert "Nothing waits for you." in page


def test_a_request_of_mine_that_nobody_may_sign_is_stuck(client: Client) -> None:
    request = OpenRequestFactory.create()
    page = home_of(client, request.opened_by)
    assert "One request of yours can go nowhere." in page
    assert "Nobody eligible: stuck" in page
    assert f"Ask an administrator for an approver in {request.release.model.team.name}" in page


def test_a_request_of_mine_that_expired_was_never_approved(client: Client) -> None:
    with opened(days_ago=17):
        request = OpenRequestFactory.create()
    assert "it expired, so it was never approved" in home_of(client, request.opened_by)
