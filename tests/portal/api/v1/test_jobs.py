"""Jobs over REST."""

import pytest
from django.db import transaction

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import SYSTEM
from portal.jobs.models import Job
from portal.jobs.services import claim, enqueue
from portal.ledger.catalogue import Subject
from registry.choices import INSPECT_VERSION
from tests.portal.api.callers import Caller, caller, problem_of


@pytest.fixture
def job(team: Team) -> Job:
    with transaction.atomic():
        return enqueue(
            actor=SYSTEM, kind=INSPECT_VERSION, subject=Subject("version", "0", "limits v1", team.pk), arguments={}
        )


def test_job_tells_where_it_is(viewer: Caller, stranger: Caller, job: Job) -> None:
    Job.objects.update(progress_done=3, progress_total=9, progress_message="reading")
    body = viewer.get(f"/jobs/{job.pk}").json()
    assert (body["state"], body["progress_done"], body["progress_total"]) == ("queued", 3, 9)
    assert body["error"] is None
    assert problem_of(stranger.get(f"/jobs/{job.pk}"), 404, "not_found")


def test_who_may_cancel_stops_a_job_once(team: Team, viewer: Caller, stranger: Caller, job: Job) -> None:
    path = f"/jobs/{job.pk}/cancel"
    claim(job.pk)
    assert problem_of(viewer.post(path), 403, "missing_capability")
    assert problem_of(stranger.post(path), 404, "not_found")
    operator = caller(Role.OPERATOR, team=team)
    assert operator.post(path).status_code == 202
    job.refresh_from_db()
    assert job.cancel_requested


def test_job_that_has_ended_is_not_cancelled(developer: Caller, job: Job) -> None:
    Job.objects.update(state="done", ended_at=job.created_at)
    assert problem_of(developer.post(f"/jobs/{job.pk}/cancel"), 409, "job_has_ended")


@pytest.mark.parametrize("pk", ["0", "9" * 18, "9" * 30])
def test_job_that_is_none_is_a_404(developer: Caller, pk: str) -> None:
    assert problem_of(developer.get(f"/jobs/{pk}"), 404, "not_found")
