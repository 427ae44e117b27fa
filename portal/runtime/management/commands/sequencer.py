"""Order the ledger's entries and do what follows from them: subscribers, the job relay, the reaper."""

import logging
import signal
import time
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, close_old_connections

from portal.core.actors import SYSTEM
from portal.jobs.services import pulse, reap, relay
from portal.keys.choices import Purpose
from portal.keys.services import register_first_key
from portal.ledger.sequencing import sequence_batch
from portal.ledger.subscriptions import deliver

_PAUSE = 0.02
"""Seconds between two looks when nothing was pending: the lag of an entry is half of this and the work itself."""
_CARE_EVERY = 1.0
_PULSE_EVERY = 5.0
_LONGEST_RETRY = 5.0
logger = logging.getLogger("portal.sequencer")


class Command(BaseCommand):
    help = "Sequence ledger entries, run subscribers, publish what jobs a crash left behind. A second one waits."
    requires_system_checks: list[str] = []
    _stopping = False

    def handle(self, **options: Any) -> None:
        del options
        if not settings.DATABASE_SEQUENCER_URL:
            raise CommandError("DATABASE_SEQUENCER_URL is not set: entries are ordered by a role of its own.")
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        retry = _PAUSE
        while not self._stopping:
            try:
                with psycopg.connect(settings.DATABASE_SEQUENCER_URL, connect_timeout=5, autocommit=True) as connection:
                    retry = _PAUSE
                    self._work(connection)
            except (psycopg.OperationalError, OperationalError) as error:
                close_old_connections()
                logger.warning("the database does not answer, trying again: %s", error)
                time.sleep(retry)
                retry = min(retry * 2, _LONGEST_RETRY)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _work(self, connection: psycopg.Connection) -> None:
        """Loop until told to stop; raises OperationalError, psycopg's or Django's, when the database is lost."""
        care_at, pulse_at, heard = 0.0, 0.0, 0
        register_first_key(actor=SYSTEM, purpose=Purpose.CHECKPOINT)
        while not self._stopping:
            pending = connection.execute("SELECT EXISTS (SELECT FROM ledger_pendingentry)").fetchone() == (True,)
            sequenced = sequence_batch(connection) if pending else 0
            due = time.monotonic() >= care_at
            heard = deliver() if sequenced or heard or due else 0
            if due:
                relay()
                reap()
                care_at = time.monotonic() + _CARE_EVERY
            if time.monotonic() >= pulse_at:
                pulse("sequencer")
                pulse_at = time.monotonic() + _PULSE_EVERY
            if not sequenced and not heard:
                time.sleep(_PAUSE)
