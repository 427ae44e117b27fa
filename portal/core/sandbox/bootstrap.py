"""The child's first program: run as a script by `cage`, isolated (`python -I -S -B`), with its orders on stdin."""

import errno
import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

MESSAGE_LENGTH = 600


class PackageFinder:
    """Finds our packages by exact place: their parent folder holds state and keys, and stays unreadable."""

    def __init__(self, packages: dict[str, str]) -> None:
        self.packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of one of our top-level packages."""
        del path, target
        if fullname not in self.packages:
            return None
        folder = self.packages[fullname]
        return importlib.util.spec_from_file_location(
            fullname, f"{folder}/__init__.py", submodule_search_locations=[folder]
        )


def main() -> int:
    """Confine this process, run the entry point, answer; return the exit status."""
    orders = json.load(sys.stdin.buffer)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    sys.path.extend(orders["site_packages"])
    sys.meta_path.append(PackageFinder(orders["packages"]))
    child = importlib.import_module("portal.core.sandbox.child")
    confinement = importlib.import_module("portal.core.sandbox.confine")
    task = child.CagedTask(
        request=orders["request"],
        inputs=orders["inputs"],
        outputs=frozenset(orders["outputs"]),
        folder=Path(orders["folder"]),
        channel=orders["channel"],
    )
    in_force = confinement.confine(
        confinement.Confinement(
            parent=orders["parent"],
            folder=Path(orders["folder"]),
            readable=tuple(Path(path) for path in orders["readable"]),
            writable=tuple(Path(path) for path in orders["writable"]),
            limits=orders["limits"],
            input_bytes=sum(task.size(name) for name in orders["inputs"]),
            read_past_permissions=orders["read_past_permissions"],
        )
    )
    missing = in_force.shortfall()
    task.send({"in_force": asdict(in_force), "missing": missing})
    if missing:
        return 3
    try:
        answer = importlib.import_module(orders["module"]).run(task)
        task.send({"answer": answer})
    except child.Refusal as refusal:
        task.send({"failed": str(refusal)[:MESSAGE_LENGTH]})
    except MemoryError:
        os.write(orders["channel"], b'{"out_of_memory": true}\n')
    except OSError as error:
        if error.errno not in {errno.EFBIG, errno.ENOSPC}:
            raise
        task.send({"output_too_large": True})
    return 0


def _last_words(channel: int, error: Exception) -> None:
    words = " ".join(f"{type(error).__name__}: {error}".split())[:MESSAGE_LENGTH]
    os.write(channel, (json.dumps({"failed": words}) + "\n").encode())


if __name__ == "__main__":
    try:
        status = main()
    except Exception as error:  # noqa: BLE001 - the parent must hear of every end
        traceback.print_exc()
        _last_words(int(sys.argv[1]), error)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # destructors of what untrusted bytes made are not run
