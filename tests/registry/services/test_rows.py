import pytest
from django.db import transaction

from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Forbidden
from registry.services.rows import author_of, next_number
from tests.factories.registry import DatasetFactory, SnapshotFactory


def test_the_system_hands_nothing_in(developer: Actor) -> None:
    assert author_of(developer) == developer.user_id
    with pytest.raises(Forbidden, match="person or a service account"):
        author_of(SYSTEM)


@pytest.mark.django_db
def test_numbers_follow_the_highest_one_of_the_same_parent() -> None:
    dataset = DatasetFactory.create()
    SnapshotFactory.create(number=9)
    with transaction.atomic():
        assert next_number(dataset.snapshots.all()) == 1
        SnapshotFactory.create(dataset=dataset, number=4)
        assert next_number(dataset.snapshots.all()) == 5
