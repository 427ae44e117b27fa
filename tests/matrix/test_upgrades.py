"""The database of every earlier release is taken over: restored, migrated, and still what its ledger says."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.env import BASE_DIR
from portal.runtime import postgres
from tests.matrix.releases.reading import releases, unpack

pytestmark = pytest.mark.timeout(240)
COMPARE = """
import json, django
django.setup()
from tests.matrix.test_replay import TABLES, told_and_kept
different, subjects = [], 0
for kind in TABLES:
    told, kept = told_and_kept(kind)
    subjects += len(told)
    different += [f"{kind} {key}" for key in told.keys() ^ kept.keys()]
    # What a later release added to a subject's state is in no entry of an earlier one.
    different += [
        f"{kind} {key} {name}" for key, state in told.items() for name, value in state.items()
        if name in kept.get(key, {}) and kept[key][name] != value
    ]
print(json.dumps([subjects, different]))
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a new home that the server's user can get into."""
    path = Path(tempfile.mkdtemp(prefix="countersign-upgrade-"))
    path.chmod(0o711)
    yield path / "home"
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.parametrize("release", releases())
def test_an_earlier_releases_database_is_taken_over(release: str, home: Path, tmp_path: Path) -> None:
    data, keys = unpack(release, tmp_path)
    ours = ("DATABASE_", "COUNTERSIGN_", "PYTEST_", "TEST_", "BROKER_URL", "KEYS_DIR", "BLOB_ROOT")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {"COUNTERSIGN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "portal.settings"}

    def run(*command: str) -> str:
        ended = subprocess.run(
            [sys.executable, *command], env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    told = run("manage.py", "restore", str(data), "--keys", str(keys))
    assert "Ledger       intact: " in told
    server = postgres.start(home / "postgres")
    try:
        assert run("manage.py", "migrate", "--check", "--skip-checks") == ""
        subjects, different = json.loads(run("-c", COMPARE).splitlines()[-1])
    finally:
        server.stop()
    assert different == []
    assert subjects > 30
