"""The stock client's events over a real connection, and the how-to that shows them."""

import os
import re
import subprocess
import sys

import pytest
from pytest_django.live_server_helper import LiveServer

from portal.accounts.choices import Role
from portal.env import BASE_DIR
from registry.models import DatasetSnapshot, LineageRun
from tests.factories.accounts import TeamFactory
from tests.portal.api.callers import caller

FILE = BASE_DIR / "docs" / "examples" / "send_lineage.py"


def test_the_how_to_shows_the_whole_file() -> None:
    [shown] = re.findall(r"```python\n(.*?)```", (BASE_DIR / "docs" / "lineage.md").read_text(), re.DOTALL)
    assert shown == FILE.read_text()


@pytest.mark.django_db(transaction=True)
def test_it_does_what_is_written(live_server: LiveServer) -> None:
    program = caller(
        Role.DEVELOPER, team=TeamFactory.create(slug="flight-operations"), scopes=("read", "record_lineage")
    )
    token = program.client.defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    variables = {**os.environ, "TOKEN": token, "BASE_URL": live_server.url}
    ended = subprocess.run(
        [sys.executable, FILE], env=variables, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    run = LineageRun.objects.get()
    assert (run.state, run.name, run.commit[:7]) == ("complete", "late-arrival.train", "5f2c1e0")
    assert str(run.run_id) in ended.stdout
    assert DatasetSnapshot.objects.get().state == "referenced"
