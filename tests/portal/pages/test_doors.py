import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from portal.accounts.choices import Role
from portal.core.querysets import visible
from portal.pages.doors import PageRequest, page
from registry.models import RegisteredModel
from tests.factories.accounts import TeamFactory, actor_with, person_with
from tests.factories.registry import RegisteredModelFactory

pytestmark = pytest.mark.django_db


@page
def door(request: PageRequest, word: str) -> HttpResponse:
    """Say who entered."""
    return HttpResponse(f"{word} {request.actor.name} {request.actor.interactive}")


def test_who_is_not_signed_in_is_led_to_the_door_and_back() -> None:
    request = RequestFactory().get("/models?tier=1")
    request.user = AnonymousUser()
    answer = door(request, "hello")
    assert answer.headers["Location"] == "/accounts/login/?next=/models%3Ftier%3D1"


def test_who_enters_is_an_interactive_actor_with_the_grants_in_force() -> None:
    team = TeamFactory.create()
    request = RequestFactory().get("/")
    request.user = person_with(Role.DEVELOPER, team=team, name="Dana")
    answer = door(request, word="hello")
    assert isinstance(answer, HttpResponse)
    assert answer.content == b"hello Dana True"
    assert request.actor.may("register_version", team.pk)  # type: ignore[attr-defined]  # a page's request has one


def test_an_object_of_another_team_and_one_that_does_not_exist_answer_alike() -> None:
    model = RegisteredModelFactory.create()
    assert visible(RegisteredModel.objects.all(), actor_with(Role.VIEWER, team=model.team), slug=model.slug) == model
    for actor, slug in (
        (actor_with(Role.VIEWER), "nothing"),
        (actor_with(Role.VIEWER, team=TeamFactory.create()), model.slug),
    ):
        with pytest.raises(Http404):
            visible(RegisteredModel.objects.all(), actor, slug=slug)
