"""What a real worker of the tests runs: the portal's application and one task that can be held up."""

import os
import time
from pathlib import Path

from portal import celery
from portal.core.progress import Progress
from portal.jobs.decorators import job
from portal.jobs.kinds import declare_kind

app = celery.app


@job(declare_kind("trial.work", queue="intake"))
def work(folder: str, progress: Progress) -> None:
    """Say who works, wait for leave, say that it is done."""
    with (Path(folder) / "started").open("a") as log:
        log.write(f"{os.getpid()}\n")
    step = 0
    while not (Path(folder) / "go").exists():
        time.sleep(0.05)
        step += 1
        progress(step, 0, "Waiting")
    with (Path(folder) / "done").open("a") as log:
        log.write(f"{os.getpid()}\n")
