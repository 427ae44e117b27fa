from datetime import timedelta

import pytest

from portal.api import tasks
from portal.api.models import KeptAnswer
from portal.core.clock import now
from portal.jobs.decorators import TICKS


@pytest.mark.django_db
def test_old_answers_are_forgotten_by_the_clock() -> None:
    for hours in (23, 25):
        KeptAnswer.objects.create(
            actor_id="user:1", route="/", key=str(hours), fingerprint="", rights="", status=201, headers={}, body=b"",
            created_at=now() - timedelta(hours=hours),
        )  # fmt: skip
    tasks.forget()
    assert KeptAnswer.objects.get().key == "23"
    assert TICKS["portal.api.forget_old_answers"] == 600
