"""A real worker's log: every line is JSON, and a job's lines name the job, its request and its person."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from celery import Celery

from portal.core.traces import Trace, traced
from portal.env import BASE_DIR
from portal.jobs import services
from portal.jobs.broker import configure
from portal.jobs.models import Job
from tests.portal.jobs.conftest import Enqueue, developer, enqueue

__all__ = ["developer", "enqueue"]


@pytest.mark.django_db(transaction=True)
def test_a_jobs_lines_name_the_job_its_request_and_its_person(
    enqueue: Enqueue, queue_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Celery("trial", set_as_current=False)
    configure(publisher, queue_url)
    monkeypatch.setattr(services, "app", publisher)
    (tmp_path / "go").touch()
    with traced(Trace(request_id="request-0001")):
        job = enqueue(folder=str(tmp_path))
        broken = enqueue(folder="/nowhere/at/all")
    command = [sys.executable, "-m", "celery", "-q", "-A", "tests.portal.jobs.trial_worker", "worker", "-Q", "intake"]
    command += ["-n", "trial@local", "-c", "1", "--loglevel=WARNING"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    variables = os.environ | {"BROKER_URL": queue_url, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(command, cwd=BASE_DIR, env=variables, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while Job.objects.filter(state__in=["queued", "running"]).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        worker.terminate()
        worker.wait(30)
    publisher.close()
    said = (tmp_path / "log").read_text().splitlines()
    # The goodbye is the only thing that Celery prints past its log.
    lines = [json.loads(line) for line in said if line and not line.startswith("worker: Warm shutdown")]
    ours = [line for line in lines if line.get("job_id") == job.pk]
    assert [line["message"] for line in ours] == ["trial.work begins", "trial.work ends as done"]
    assert {(line["request_id"], f"user:{line['user_id']}") for line in ours} == {("request-0001", job.actor_id)}
    assert len(ours[1]["events"]) == 1
    defects = [line for line in lines if line.get("job_id") == broken.pk and "error" in line]
    assert [line["error"] for line in defects] == ["builtins.FileNotFoundError"]
