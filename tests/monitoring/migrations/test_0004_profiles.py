"""What the database refuses of a profile, whoever asks."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from monitoring.choices import ProfileState
from monitoring.models import ColumnProfile
from tests.factories.monitoring import ProfileFactory
from tests.registry.migrations.test_0002_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_profile_that_has_ended_never_changes() -> None:
    done = ProfileFactory.create()
    assert refused(done, digest="0" * 64)
    assert refused(done, state=ProfileState.RUNNING)
    assert refused(done.columns.get(position=1), summary={"n": 0})


@pytest.mark.parametrize("state", [state for state in ProfileState if state != ProfileState.RUNNING])
def test_only_a_running_profile_takes_columns(state: ProfileState) -> None:
    profile = ProfileFactory.create(state=state)
    with pytest.raises(DatabaseError, match=f"is {state}, so monitoring_"), transaction.atomic():
        ColumnProfile.objects.create(
            profile=profile, position=9, name="x", type="double", kind="number", summary={}, cells={}
        )


def test_a_second_one_that_counts_is_refused() -> None:
    failed = ProfileFactory.create(state=ProfileState.FAILED, reason="Time ran out.")
    profile = ProfileFactory.create(snapshot=failed.snapshot)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProfileFactory.create(snapshot=profile.snapshot, state=ProfileState.QUEUED)
