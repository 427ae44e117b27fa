"""What every view shares."""

import pytest
from django.http import Http404

from portal.accounts.choices import Role
from portal.api.views import team_named
from portal.core.errors import Invalid
from portal.core.querysets import visible
from registry.models import RegisteredModel
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.registry import RegisteredModelFactory

pytestmark = pytest.mark.django_db


def test_another_teams_row_is_like_one_that_does_not_exist() -> None:
    model = RegisteredModelFactory.create()
    reader = actor_with(Role.VIEWER, team=model.team)
    assert visible(RegisteredModel.objects.all(), reader, slug=model.slug) == model
    for actor, slug in ((actor_with(Role.VIEWER, team=TeamFactory.create()), model.slug), (reader, "none")):
        with pytest.raises(Http404):
            visible(RegisteredModel.objects.all(), actor, slug=slug)


def test_team_is_ones_own_or_any_for_who_reads_everything() -> None:
    mine, theirs = TeamFactory.create(slug="mine"), TeamFactory.create(slug="theirs")
    developer, auditor = actor_with(Role.DEVELOPER, team=mine), actor_with(Role.AUDITOR)
    assert team_named(developer, "mine") == mine
    assert team_named(auditor, "theirs") == theirs
    with pytest.raises(Invalid):
        team_named(developer, "theirs")
    with pytest.raises(Invalid):
        team_named(auditor, "none")
