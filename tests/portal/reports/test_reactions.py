import pytest

from portal.accounts.choices import Role
from portal.jobs import services as jobs
from portal.jobs.choices import JobState
from portal.jobs.models import Job
from portal.reports.choices import PackState
from portal.reports.models import EvidencePack
from portal.reports.services import request_pack
from tests.factories.accounts import actor_with
from tests.factories.registry import ActiveReleaseFactory
from tests.portal.ledger.replay import replayed


@pytest.fixture
def pack(db: None) -> EvidencePack:
    release = ActiveReleaseFactory.create()
    return request_pack(actor=actor_with(Role.AUDITOR, team=release.model.team), release=release)


def test_a_pack_whose_job_was_lost_too_often_is_errored_with_the_reason(pack: EvidencePack) -> None:
    while Job.objects.get(pk=pack.job_id or 0).is_open:
        job = jobs.claim(pack.job_id or 0)
        assert job is not None
        jobs.take_up(job)
    pack.refresh_from_db()
    assert pack.state == PackState.ERRORED
    assert pack.cause
    assert pack.finished_at is not None
    assert replayed("pack")[str(pack.pk)] == pack.public_state()


def test_a_pack_whose_work_was_refused_is_errored_with_the_reason(pack: EvidencePack) -> None:
    job = jobs.claim(pack.job_id or 0)
    assert job is not None
    jobs.end(job=job, state=JobState.FAILED, error={"detail": "The ledger has no checkpoint yet."})
    pack.refresh_from_db()
    assert (pack.state, pack.cause) == (PackState.ERRORED, "The ledger has no checkpoint yet.")


def test_a_pack_whose_job_was_cancelled_is_cancelled(pack: EvidencePack) -> None:
    job = Job.objects.get(pk=pack.job_id or 0)
    jobs.request_cancel(actor=actor_with(Role.OPERATOR), job=job)
    pack.refresh_from_db()
    assert pack.state == PackState.CANCELLED
