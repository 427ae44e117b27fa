"""Lost workers, watched with a clock of the test's own."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from portal.core.clock import now
from portal.core.errors import Forbidden
from portal.jobs import services
from portal.jobs.events import JOB_ENDED
from portal.jobs.models import Job
from portal.jobs.reaper import LOST_AFTER, Reaper
from portal.ledger.catalogue import REACTIONS, Event
from tests.portal.jobs.conftest import Enqueue

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
LOST = int(LOST_AFTER.total_seconds())


@dataclass
class Watch:
    """A reaper and the seconds that it counts."""

    seconds: float = 0

    def __post_init__(self) -> None:
        self.reaper = Reaper(clock=lambda: self.seconds)

    def look(self, seconds: int = LOST) -> int:
        """Watch once a second for so long; return how many jobs were taken up."""
        count = self.reaper.watch()
        for _ in range(seconds):
            self.seconds += 1
            count += self.reaper.watch()
        return count


def running(job: Job) -> Job:
    claimed = services.claim(job.pk)
    assert claimed is not None
    return claimed


def test_job_whose_heart_stands_still_is_taken_up(enqueue: Enqueue) -> None:
    job = running(enqueue())
    watch = Watch()
    assert watch.look(LOST - 1) == 0
    assert watch.look(1) == 1
    row = Job.objects.get()
    assert (row.state, row.attempt) == ("queued", job.attempt)
    assert watch.look(2 * LOST) == 0


def test_job_whose_heart_beats_is_left_alone(enqueue: Enqueue) -> None:
    job = running(enqueue())
    watch = Watch()
    for _ in range(3):
        assert watch.look(LOST - 1) == 0
        services.heartbeat(job)
    assert watch.look(LOST) == 1


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
def test_clock_that_is_set_does_not_matter(enqueue: Enqueue, step: timedelta) -> None:
    running(enqueue())
    Job.objects.update(heartbeat_at=now() + step)
    watch = Watch()
    assert watch.look(LOST - 1) == 0
    assert watch.look(1) == 1


def test_watching_begins_anew_after_a_pause(enqueue: Enqueue) -> None:
    running(enqueue())
    watch = Watch()
    watch.look(LOST - 1)
    watch.seconds += 60  # the database was away: the hearts of living workers could not be written either
    assert watch.look(LOST - 1) == 0
    assert watch.look(1) == 1


def test_one_refusing_reaction_keeps_no_other_job_lost(enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [running(enqueue()), running(enqueue())]

    def refuse_first(event: Event) -> None:
        if event.subject.id == str(jobs[0].pk):
            raise Forbidden("No.")

    monkeypatch.setitem(REACTIONS, JOB_ENDED.name, [refuse_first])
    Job.objects.update(attempt=services.MOST_ATTEMPTS)
    assert Watch().look() == 1
    assert [Job.objects.get(pk=job.pk).state for job in jobs] == ["running", "errored"]
