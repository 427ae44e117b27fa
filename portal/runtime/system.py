"""Libraries and fonts of the operating system: what is there, and how to get what is not.

Knows nothing but the standard library, because `make` runs it as a script before anything is installed:
`python3 portal/runtime/system.py [--browser] [--check]`.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")


@dataclass(frozen=True)
class Need:
    """A Debian package, what it is for, and how to see that it (or its like) is there."""

    package: str
    purpose: str
    library: str = ""
    font: str = ""
    programs: tuple[str, ...] = ()

    def met(self) -> bool:
        """Say whether the library loads, the font's file exists or one of the programs is found."""
        if self.library:
            try:
                ctypes.CDLL(self.library)
            except OSError:
                return False
            return True
        if self.font:
            return any(next(folder.rglob(self.font), None) for folder in _FONT_FOLDERS if folder.is_dir())
        return any(shutil.which(program) for program in self.programs)


DOCUMENTS = (
    Need("libpango-1.0-0", "text in PDF documents", library="libpango-1.0.so.0"),
    Need("libpangoft2-1.0-0", "text in PDF documents", library="libpangoft2-1.0.so.0"),
    Need("libharfbuzz-subset0", "fonts in PDF documents", library="libharfbuzz-subset.so.0"),
    Need("fonts-noto-core", "names in other scripts", font="NotoSans-Regular.*"),
    Need("fonts-noto-mono", "code in PDF documents", font="NotoSansMono-Regular.*"),
    Need("fonts-noto-cjk", "Chinese, Japanese and Korean names", font="NotoSansCJK*"),
)
MODELS = (Need("libgomp1", "LightGBM models", library="libgomp.so.1"),)
"""The wheel of LightGBM, which the demo needs, brings no OpenMP of its own."""
BROWSER = (Need("chromium", "browser tests", programs=("chromium", "chromium-browser", "google-chrome")),)


def missing(needs: tuple[Need, ...]) -> list[Need]:
    """Return the needs that are not met."""
    return [need for need in needs if not need.met()]


def install_command(needs: list[Need]) -> list[str]:
    """Return the command that installs the packages on Debian and its kin."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *(need.package for need in needs)]


def _prefix() -> list[str] | None:
    """Return what to put before a command to run it as root; None when we may not."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def main(arguments: list[str]) -> int:
    """Install what is missing where we may; else say the one command.

    Stops the caller, by status 1, only with --check, which installs nothing: no more than PDFs need them.
    """
    needs = DOCUMENTS + MODELS + (BROWSER if "--browser" in arguments else ())
    lacking = missing(needs)
    if not lacking:
        return 0
    names = ", ".join(f"{need.package} ({need.purpose})" for need in lacking)
    prefix = None if "--check" in arguments else _prefix()
    if prefix is not None:
        print(f"Installing {names}", flush=True)  # noqa: T201
        command = [*prefix, *install_command(lacking)]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(command, env=environment, capture_output=True, check=False).returncode != 0:
            subprocess.run([*prefix, "apt-get", "update"], env=environment, capture_output=True, check=False)
            subprocess.run(command, env=environment, capture_output=True, check=False)
        lacking = missing(needs)
    if lacking:
        print("Missing:", ", ".join(f"{need.package} ({need.purpose})" for need in lacking))  # noqa: T201
        print("Run once: sudo", *install_command(lacking))  # noqa: T201
    return 1 if lacking and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
