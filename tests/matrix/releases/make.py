"""Make this release's backup: `python -m tests.matrix.releases.make`, once, on the commit that is released.

Most verbs are run on an embedded server of their own; what `backup` writes goes into one file, named after the release.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import django

from portal.env import BASE_DIR

if __name__ == "__main__" and "DATABASE_URL" in os.environ:
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()

    from tests.factories.reports import sequence
    from tests.matrix.playing import play

    play()
    sequence()
elif __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    from portal.runtime import postgres
    from portal.runtime.installation import bootstrap_databases, embedded_variables, write_private
    from portal.runtime.keys import make_keys
    from portal.runtime.manifest import release

    place = Path(tempfile.mkdtemp(prefix="countersign-release-"))
    place.chmod(0o711)
    server = postgres.start(place / "postgres", fast=True)
    try:
        variables = embedded_variables(server, {})
        bootstrap_databases(server, variables)
        make_keys(place / "keys")
        (place / "run").mkdir()
        (place / "blobs").mkdir()
        write_private(place / "run" / "environment.json", variables)
        environment = {**os.environ, "COUNTERSIGN_HOME": str(place)}
        target = place / "made"
        target.mkdir()
        manage = [sys.executable, str(BASE_DIR / "manage.py")]
        for command, more in (
            ([*manage, "migrate", "--no-input", "-v0"], {}),
            ([sys.executable, "-m", "tests.matrix.releases.make"], variables),
            ([*manage, "backup", str(target / "data"), "--keys", str(target / "keys")], {}),
        ):
            subprocess.run(command, env={**environment, **more}, cwd=BASE_DIR, check=True)
        for path in (target / "keys").iterdir():
            if path.name != "checkpoint.key":
                path.unlink()  # a restore needs no other
        with tarfile.open(Path(__file__).parent / f"{release()}.tar.xz", "w:xz", preset=9) as archive:
            archive.add(target, arcname=".")
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
