"""The Celery application as workers and beat run it: every task found by name, beat's table of ticks."""

import logging
import os
import sys

import django
from celery.signals import setup_logging, worker_process_init
from django.conf import settings

from portal.core.parentage import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
if not settings.configured:  # tests import this module, too, long after the settings
    os.environ.setdefault("COUNTERSIGN_PROGRAM", "beat" if "beat" in sys.argv else "worker")
# Celery's command line copies BROKER_URL here, where it would win over what we make of it.
os.environ.pop("CELERY_BROKER_URL", None)
django.setup()
logging.captureWarnings(True)  # a warning is a line of the log as any other

from portal.jobs.broker import app  # noqa: E402  (reads the settings)
from portal.jobs.decorators import TICKS  # noqa: E402  (reads the settings)

__all__ = ["app"]
_MAIN = os.getpid()


def end_with_main(**_: object) -> None:
    """End this pool process when the worker's main process is killed: it would finish work nobody waits for."""
    if os.getpid() != _MAIN:
        die_with_parent(_MAIN)


def leave_logging(**_: object) -> None:
    """Take Celery's place in setting up the logs: Django has done it."""


app.autodiscover_tasks(force=True)
app.conf.update(
    # Commands to workers go through Job rows (cancel is a flag), so they need no queues of their own.
    worker_enable_remote_control=False,
    beat_scheduler="celery.beat.Scheduler",
    beat_schedule={name: {"task": name, "schedule": seconds} for name, seconds in TICKS.items()},
)
setup_logging.connect(leave_logging, weak=False)
worker_process_init.connect(end_with_main, weak=False)
