import pytest

from portal.core.progress import Cancelled
from portal.jobs import services
from portal.jobs.models import Job
from portal.jobs.progress import JobProgress
from tests.portal.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db


def test_what_a_long_transaction_tells_is_written_by_the_next_beat(enqueue: Enqueue) -> None:
    row = services.claim(enqueue(thing_id=7).pk)
    assert row is not None
    progress = JobProgress(row)
    progress.tell(3, 10, "Registering")
    assert Job.objects.get().progress_total == 0
    progress._beat_once()
    job = Job.objects.get()
    assert (job.progress_done, job.progress_total, job.progress_message) == (3, 10, "Registering")


def test_a_long_transaction_that_is_to_stop_stops_at_its_next_step(enqueue: Enqueue) -> None:
    row = services.claim(enqueue(thing_id=7).pk)
    assert row is not None
    progress = JobProgress(row)
    Job.objects.update(cancel_requested=True)
    progress.tell(1, 10, "Registering")
    progress._beat_once()
    with pytest.raises(Cancelled):
        progress.tell(2, 10, "Registering")
