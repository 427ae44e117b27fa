import hashlib

import pytest

from portal.accounts.choices import Role
from portal.blobs.store import open_verified
from portal.jobs.choices import JobState
from portal.jobs.models import Job
from portal.reports.choices import PackState
from portal.reports.services import request_pack
from portal.reports.tasks import make_pack
from tests.factories.accounts import actor_with
from tests.factories.reports import approved_release, sequence


@pytest.mark.django_db(transaction=True)
def test_a_job_freezes_renders_and_keeps_both_files() -> None:
    release = approved_release()
    pack = request_pack(actor=actor_with(Role.AUDITOR, team=release.model.team), release=release)
    sequence()
    make_pack(pack.job_id or 0)
    pack.refresh_from_db()
    assert Job.objects.get(pk=pack.job_id or 0).state == JobState.DONE
    assert pack.state == PackState.DONE
    assert pack.snapshot is not None
    assert pack.pdf is not None
    with open_verified(pack.snapshot.sha256) as file:
        assert hashlib.sha256(file.read()).hexdigest() == pack.content_digest
    with open_verified(pack.pdf.sha256) as file:
        assert file.read(5) == b"%PDF-"


@pytest.mark.django_db(transaction=True)
def test_without_a_checkpoint_the_pack_ends_with_the_reason() -> None:
    release = approved_release()
    pack = request_pack(actor=actor_with(Role.AUDITOR, team=release.model.team), release=release)
    make_pack(pack.job_id or 0)
    pack.refresh_from_db()
    assert pack.state == PackState.ERRORED
    assert "no checkpoint" in pack.cause
