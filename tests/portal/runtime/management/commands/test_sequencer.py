"""The sequencer as it runs: what goes wrong in one of its works holds up no other, and it ends when told."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from portal.ledger import keeping
from portal.ledger.catalogue import Event, subscriber
from portal.ledger.models import Cursor, Entry
from portal.ledger.sequencing import checkpoints_folder
from portal.runtime.management.commands.sequencer import Command
from tests.portal.ledger.cast import event_type, write
from tests.portal.ledger.conftest import catalogue_of_its_own, home

__all__ = ["catalogue_of_its_own", "home"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Give the signals back that the command takes."""
    former = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


def wait(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@contextmanager
def finally_stopped() -> Iterator[None]:
    """End the command, which has the main thread, as the supervisor does; for use in another thread."""
    try:
        yield
    finally:
        connection.close()
        os.kill(os.getpid(), signal.SIGTERM)


def run_while(story: Callable[[], None]) -> None:
    """Run the command until the story, told in another thread, is over; raises what that raises."""
    failures: list[BaseException] = []

    def tell() -> None:
        with finally_stopped():
            try:
                story()
            except BaseException as failure:  # noqa: BLE001  (raised again in the test's own thread)
                failures.append(failure)

    thread = threading.Thread(target=tell)
    thread.start()
    Command().handle()
    thread.join()
    if failures:
        raise failures[0]


def test_slow_subscriber_holds_up_no_ordering() -> None:
    began, leave = threading.Event(), threading.Event()
    heard: list[str] = []

    @subscriber(event_type())
    def slow(event: Event) -> None:
        began.set()
        leave.wait(30)
        heard.append(event.subject.id)

    def story() -> None:
        write(1)
        assert began.wait(30)
        write(2)
        wait(lambda: Entry.objects.filter(subject_type="thing").count() == 2)
        assert heard == []
        leave.set()
        wait(lambda: heard == ["1", "2"])

    run_while(story)


def test_failing_subscriber_holds_up_neither_ordering_nor_others() -> None:
    heard: list[str] = []

    @subscriber(event_type())
    def a_broken_one(event: Event) -> None:
        raise RuntimeError("out of order")

    @subscriber(event_type())
    def works(event: Event) -> None:
        heard.append(event.subject.id)

    def story() -> None:
        for number in range(3):
            write(number)
            wait(lambda: len(heard) == number + 1)  # noqa: B023  (called before the next number)
        assert Cursor.objects.filter(failures__gt=0).count() == 1

    run_while(story)


def test_cut_connections_are_made_again() -> None:
    def story() -> None:
        write(1)
        wait(lambda: Entry.objects.filter(subject_type="thing").count() == 1)
        connection.close()
        for url in (os.environ["DATABASE_URL"], os.environ["DATABASE_SEQUENCER_URL"]):
            with psycopg.connect(url, autocommit=True) as own:
                own.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()"
                )
        write(2)
        wait(lambda: Entry.objects.filter(subject_type="thing").count() == 2)

    run_while(story)


def test_full_disk_for_checkpoints_holds_the_log_up_until_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    full = threading.Event()
    keep = keeping.keep

    def keep_if_there_is_room(folder: Path, note: str) -> None:
        if full.is_set():
            raise OSError(28, "No space left on device")
        keep(folder, note)

    monkeypatch.setattr(keeping, "keep", keep_if_there_is_room)

    def story() -> None:
        write(1)
        wait(lambda: keeping.latest(checkpoints_folder()))
        full.set()
        write(2)
        write(3)
        wait(lambda: Entry.objects.filter(subject_type="thing").count() >= 2)
        write(4)
        time.sleep(0.3)
        assert not Entry.objects.filter(subject_id="4").exists(), "nothing is signed beyond what could be kept"
        full.clear()
        wait(lambda: Entry.objects.filter(subject_id="4").exists())

    run_while(story)
