"""The short form of the bench: a loaded portal of which a few processes are killed."""

import json
import subprocess
import sys

import pytest

from portal.env import BASE_DIR


@pytest.mark.e2e
@pytest.mark.timeout(400)
def test_nothing_is_lost_doubled_or_left_over_when_processes_are_killed() -> None:
    short = ["--rounds=6", "--minutes=0.5", "--whole-every=6", "--no-long"]
    command = [sys.executable, str(BASE_DIR / "bench" / "chaos.py"), *short]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    figures = json.loads(told.stdout.splitlines()[-1])["figures"]
    assert figures["accepted"] > 0
    assert (figures["lost"], figures["doubled"], figures["left_over"]) == (0, 0, 0), told.stdout
