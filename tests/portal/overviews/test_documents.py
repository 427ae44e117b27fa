from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.choices import Role
from portal.accounts.selectors import actor_for_user
from portal.core.clock import now
from portal.overviews.documents import documents_due, documents_summary
from registry.models import RegisteredModel
from tests.factories.accounts import TeamFactory, actor_with, person_with
from tests.factories.registry import DocumentFactory, RegisteredModelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def model() -> RegisteredModel:
    """Return a model with one document of each sort."""
    made: RegisteredModel = RegisteredModelFactory.create()
    today = now().date()
    for title, days in (("gone", -1), ("last day", 0), ("soon", 29), ("later", 30)):
        DocumentFactory.create(model=made, title=title, valid_until=today + timedelta(days=days))
    DocumentFactory.create(model=made, title="endless")
    former = DocumentFactory.create(model=made, title="replaced", valid_until=today)
    DocumentFactory.create(model=made, title="newer", replaces=former)
    DocumentFactory.create(model=made, title="withdrawn", valid_until=today, withdrawn=True)
    DocumentFactory.create(model=made, title="awaited", valid_until=today, awaited=True)
    return made


def test_a_models_page_shows_what_counts_and_what_did_the_first_to_end_first(model: RegisteredModel) -> None:
    found = documents_summary(actor_with(Role.DEVELOPER, team=model.team), model)
    assert [(line.document.title, line.status) for line in found.lines] == [
        ("gone", "expired"), ("last day", "expiring"), ("soon", "expiring"), ("later", "valid"), ("newer", "valid"),
        ("endless", "valid"),
    ]  # fmt: skip
    assert (found.words, found.may_add) == ("5 valid, 1 expired", True)
    assert not documents_summary(actor_with(Role.AUDITOR), model).may_add
    assert documents_summary(actor_with(Role.AUDITOR), RegisteredModelFactory.create()).words == ""


def test_home_names_what_has_ended_or_soon_will_to_owners_and_developers(model: RegisteredModel) -> None:
    expected = ["gone", "last day", "soon"]
    owner, backup = (person_with(Role.VIEWER, team=model.team) for _ in range(2))
    RegisteredModel.objects.filter(pk=model.pk).update(owner=owner, backup=backup)
    for user in (owner, backup, person_with(Role.DEVELOPER, team=model.team)):
        lines = documents_due(actor_for_user(user, interactive=True))
        assert [line.document.title for line in lines] == expected
    for actor in (
        actor_with(Role.VALIDATOR),
        actor_with(Role.VIEWER, team=model.team),
        actor_with(Role.DEVELOPER, team=TeamFactory.create()),
    ):
        assert documents_due(actor) == []


def test_however_many_there_are_it_takes_as_many_queries(model: RegisteredModel) -> None:
    actor = actor_with(Role.DEVELOPER, team=model.team)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            documents_summary(actor, model)
            documents_due(actor)
        return len(captured)

    few = queries()
    DocumentFactory.create_batch(10, model=model, valid_until=now().date())
    assert queries() == few
