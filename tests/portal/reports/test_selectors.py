import pytest

from portal.accounts.choices import Role
from portal.accounts.selectors import actor_for_user
from portal.jobs.models import Job
from portal.reports.choices import PackState
from portal.reports.selectors import pack_lines, working
from portal.reports.services import fail_pack, request_pack
from registry.models import Release
from tests.factories.accounts import person_with
from tests.factories.governance import ApprovedRequestFactory

pytestmark = pytest.mark.django_db


def test_packs_work_until_they_have_ended() -> None:
    request = ApprovedRequestFactory.create()
    release = Release.objects.get(pk=request.release_id)
    auditor = actor_for_user(person_with(Role.AUDITOR), interactive=True)
    first, second = (request_pack(actor=auditor, release=release) for _ in range(2))
    Job.objects.filter(pk=second.job_id or 0).update(progress_done=2, progress_total=5)
    fail_pack(pack_id=first.pk, state=PackState.ERRORED, cause="Out of memory.")
    lines = pack_lines(release)
    assert [line.pack for line in lines] == [second, first]
    assert lines[0].work is not None
    assert (lines[0].work.state, lines[0].work.done, lines[0].work.total) == ("queued", 2, 5)
    assert lines[1].work is None
    assert working(lines)
    assert not working(lines[1:])
