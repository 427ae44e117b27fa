"""A whole portal with the demo's data, started as `make run` starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self

from portal.env import BASE_DIR

READY = "Countersign runs at"


class RunningPortal:
    """One home, one port, one `up --demo`; leaving the `with` block stops it as Ctrl-C does."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.home, self.url = home, f"http://127.0.0.1:{self.port}"
        dropped = ("DATABASE_", "BROKER_", "COUNTERSIGN_", "ALLOWED_HOSTS", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        self.environment = {**kept, "COUNTERSIGN_HOME": str(home), "PORT": str(self.port)}
        self.lines: list[str] = []

    def __enter__(self) -> Self:
        command = [sys.executable, "-u", str(BASE_DIR / "manage.py"), "up", "--demo"]
        self._process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line)
            if READY in line:
                break
        told = "".join(self.lines)
        assert READY in told, told
        assert self.demo()["finished"], told
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=60)

    def demo(self) -> dict[str, str]:
        """Return what the home keeps about its demo: the password of all its people."""
        kept: dict[str, str] = json.loads((self.home / "run" / "demo.json").read_text())
        return kept

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `manage.py` in this home."""
        command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
