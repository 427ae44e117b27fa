"""What a caged child must be able to read: the interpreter, its libraries and our own code; never state or keys."""

import stat
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
PACKAGES = ("portal", "registry", "monitoring")
SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/usr/share/zoneinfo",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/self/maps",  # how scikit-learn finds its thread pools; opened by the child, so it is the child's own
    "/sys/devices/system",
    "/dev/urandom",
    "/dev/zero",
)
DEVICES_WRITTEN = ("/dev/null",)


@dataclass(frozen=True)
class Reach:
    """Places of one installation."""

    packages: dict[str, str]
    site_packages: tuple[str, ...]
    readable: tuple[str, ...]
    private: bool
    """Another user can't read the installation, for example in a home of mode 0700."""


def installation() -> Reach:
    """Return what a child of this interpreter must read."""
    packages = {name: str(PROJECT / name) for name in PACKAGES if (PROJECT / name / "__init__.py").exists()}
    site_packages = tuple(path for path in sys.path if path.endswith(("site-packages", "dist-packages")))
    libraries = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), f"{sys.base_prefix}/lib"}
    # Packages that keep their libraries beside site-packages, and `python312.zip`.
    own = [*packages.values(), *site_packages, *sorted(libraries)]
    return Reach(
        packages=packages,
        site_packages=site_packages,
        readable=(*own, *SYSTEM),
        private=not all(_others_can_read(Path(path)) for path in own if Path(path).exists()),
    )


def _others_can_read(path: Path) -> bool:
    resolved = path.resolve()
    if not resolved.stat().st_mode & stat.S_IROTH:
        return False
    folders = [resolved, *resolved.parents] if resolved.is_dir() else list(resolved.parents)
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)
