"""Where the backups of releases lie, and what they say."""

import tarfile
from pathlib import Path

FOLDER = Path(__file__).parent


def releases() -> list[str]:
    """Return the releases there is a backup of, oldest first."""
    names = [path.name.removesuffix(".tar.xz") for path in FOLDER.glob("*.tar.xz")]
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


def unpack(name: str, folder: Path) -> tuple[Path, Path]:
    """Unpack a release's backup; return its data and its keys."""
    with tarfile.open(FOLDER / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "data", folder / "keys"
