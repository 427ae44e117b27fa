"""The WSGI application that granian serves; its worker processes end with the process that started them."""

import fcntl
import gc
import logging
import multiprocessing
import os
import shutil
import socket
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from portal.core.parentage import die_with_parent

_parent = multiprocessing.parent_process()
if _parent is not None and _parent.pid is not None:
    # A killed granian otherwise leaves workers that go on answering on the port.
    die_with_parent(_parent.pid)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("COUNTERSIGN_PROGRAM", "web")  # read with the settings: what it may have


def share_counts(counts: Path, life: str) -> None:
    """Let the processes of one server (`life`) count into one folder; remove those of servers that are gone.

    Each process locks its server's folder for as long as it lives.
    """
    folder = counts / life
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_SH)
    for former in counts.iterdir():
        descriptor = os.open(former, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(former, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # read when prometheus_client is imported


if _parent is not None:
    share_counts(settings.HOME / "run" / "metrics", f"{socket.gethostname()}-{_parent.pid}")
logging.captureWarnings(True)  # a warning is a line of the log as any other
application = get_wsgi_application()
# All addresses now: a broken one stops the start, and the first reader does not wait for their imports.
get_resolver().url_patterns  # noqa: B018  (a cached property that imports)
# What is loaded now stays: without this every collection walks through all of it (a tenth of a page's time).
gc.collect()
gc.freeze()
