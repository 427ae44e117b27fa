"""Order the ledger's entries and do what follows from them: subscribers, the job relay, the reaper."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from portal.core.actors import SYSTEM
from portal.jobs.reaper import Reaper
from portal.jobs.services import pulse, relay
from portal.keys.choices import Purpose
from portal.keys.services import register_first_key
from portal.ledger.sequencing import sequence_batch, something_pends
from portal.ledger.subscriptions import deliver

_PAUSE = 0.02
"""Seconds between two looks when nothing was pending: the lag of an entry is half of this and the work itself."""
_CARE_EVERY = 1.0
_PULSE_EVERY = 5.0
_LONGEST_RETRY = 5.0
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)
logger = logging.getLogger("portal.sequencer")


class Command(BaseCommand):
    help = "Sequence ledger entries, run subscribers, publish what jobs a crash left behind. A second one waits."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        del options
        if not settings.DATABASE_SEQUENCER_URL:
            raise CommandError("DATABASE_SEQUENCER_URL is not set: entries are ordered by a role of its own.")
        self._url: str = settings.DATABASE_SEQUENCER_URL
        self._stopping, self._news = threading.Event(), threading.Event()
        self._connection: psycopg.Connection | None = None
        self._aside: set[int] = set()
        self._reaper, self._pulse_at = Reaper(), 0.0
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        # In threads of their own: a subscriber that is slow, or a broker that is away, holds up nobody else.
        steps = (self._hear, self._publish, self._watch)
        others = [threading.Thread(target=self._repeat, args=(step,), name=step.__name__) for step in steps]
        for thread in others:
            thread.start()
        self._repeat(self._order)
        for thread in others:
            thread.join()

    def _stop(self, *_: object) -> None:
        self._stopping.set()
        self._news.set()

    def _repeat(self, step: Callable[[], None]) -> None:
        """Do the step until told to stop; after a failure again and again, with growing pauses."""
        retry = _PAUSE
        while not self._stopping.is_set():
            try:
                step()
                retry = _PAUSE
            except _AWAY as error:
                logger.warning("the database does not answer, trying again: %s", error)
            except Exception:  # whatever it is (a full disk, a log that was rolled back), the other steps go on
                logger.exception("trying again")
            else:
                continue
            close_old_connections()
            self._stopping.wait(retry)
            retry = min(retry * 2, _LONGEST_RETRY)
        connection.close()  # this thread's own

    def _order(self) -> None:
        """Order what pends, or wait a moment."""
        if self._connection is None or self._connection.closed:
            register_first_key(actor=SYSTEM, purpose=Purpose.CHECKPOINT)
            self._connection = psycopg.connect(self._url, connect_timeout=5, autocommit=True)
        if something_pends(self._connection, self._aside) and sequence_batch(self._connection, aside=self._aside):
            self._news.set()
        else:
            self._stopping.wait(_PAUSE)

    def _hear(self) -> None:
        """Let subscribers hear what was ordered; now and then without news, for those that wait to try again."""
        self._news.wait(_CARE_EVERY)
        self._news.clear()
        while deliver() and not self._stopping.is_set():
            pass

    def _publish(self) -> None:
        """Publish jobs that were left behind."""
        relay()
        self._stopping.wait(_CARE_EVERY)

    def _watch(self) -> None:
        """Take up jobs that lost their worker, and give a sign of life."""
        self._reaper.watch()
        if time.monotonic() >= self._pulse_at:
            pulse("sequencer")
            self._pulse_at = time.monotonic() + _PULSE_EVERY
        self._stopping.wait(_CARE_EVERY)
