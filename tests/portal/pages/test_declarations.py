from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.overviews.declared import today
from registry.models import RegisteredModel, Release
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import DeclaredReleaseFactory, RegisteredModelFactory

pytestmark = pytest.mark.django_db

SAID = {
    "environment": "production",
    "in_use_since": "2021-03-01",
    "deadline": str(today() + timedelta(days=30)),
    "description": "Version 4 on the old server.",
}


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory.create()
    return made


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team)
    return made


@pytest.fixture
def browser(client: Client, team: Team) -> Client:
    client.force_login(person_with(Role.DEVELOPER, team=team))
    return client


def test_a_model_is_declared_and_shows_so_wherever_it_is_listed(browser: Client, model: RegisteredModel) -> None:
    address = reverse("model_declare", args=[model.slug])
    assert address in browser.get(model.get_absolute_url()).text
    assert browser.post(address, SAID)["Location"] == model.get_absolute_url()
    release = Release.objects.get()
    for page in (model.get_absolute_url(), "/models?columns=declared&declared=true", "/models", "/releases"):
        assert "Declared" in browser.get(page).text, page
    shown = browser.get(release.get_absolute_url()).text
    assert "Version 4 on the old server." in shown
    assert "nobody approved it here" in shown
    assert "Make evidence pack" not in shown
    form = browser.get(address).text
    assert all(f'value="{SAID[name]}"' in form for name in ("in_use_since", "deadline")), "the form holds what stands"


def test_what_is_refused_stands_under_its_field(browser: Client, model: RegisteredModel) -> None:
    late = str(today() + timedelta(days=400))
    answer = browser.post(reverse("model_declare", args=[model.slug]), {**SAID, "deadline": late, "description": ""})
    assert answer.status_code == 422
    assert "within 365 days" in answer.text
    assert "Enter a text." in answer.text


def test_what_is_overdue_says_so_at_home_and_on_its_pages(browser: Client, team: Team, model: RegisteredModel) -> None:
    release = DeclaredReleaseFactory.create(model=model, deadline=today() - timedelta(days=3))
    validator = Client()
    validator.force_login(person_with(Role.VALIDATOR, team=team))
    for page in ("/", model.get_absolute_url(), release.get_absolute_url()):
        assert "Overdue by 3 days" in validator.get(page).text, page
    assert "Overdue" in browser.get("/models?columns=declared&declared=overdue").text
    assert model.slug not in browser.get("/models?declared=false").text


def test_it_is_ended_with_a_reason(browser: Client, model: RegisteredModel) -> None:
    release = DeclaredReleaseFactory.create(model=model)
    address = reverse("release_end", args=[release.pk])
    assert address in browser.get(release.get_absolute_url()).text
    assert release.description in browser.get(address).text
    assert browser.post(address, {"reason": " "}).status_code == 422
    assert browser.post(address, {"reason": "Switched off."})["Location"] == release.get_absolute_url()
    shown = browser.get(release.get_absolute_url()).text
    assert "Switched off." in shown
    assert address not in shown
    assert browser.post(address, {"reason": "Again."}).status_code == 422
