import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core.actors import SYSTEM
from portal.overviews.people import names_of
from tests.factories.accounts import ServiceAccountFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_people_services_and_the_system_have_names() -> None:
    person, service = UserFactory.create(name="Dana"), ServiceAccountFactory.create(name="Training CI")
    names = names_of([person.actor_id, service.actor_id, SYSTEM.id])
    assert names == {person.actor_id: "Dana", service.actor_id: "Training CI", "system": "System"}


def test_an_unknown_actor_keeps_its_id() -> None:
    assert names_of(["user:999999", "robot", ""]) == {"user:999999": "user:999999", "robot": "robot", "": ""}


def test_many_names_take_one_query_and_none_take_no_query() -> None:
    people = UserFactory.create_batch(5)
    with CaptureQueriesContext(connection) as queries:
        names_of([person.actor_id for person in people])
        names_of([SYSTEM.id])
    assert len(queries) == 1
