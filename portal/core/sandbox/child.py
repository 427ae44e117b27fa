"""What caged code is given: its request, its open inputs, a folder for its outputs, a way to tell where it is."""

import json
import mmap
import os
from pathlib import Path
from typing import Any, BinaryIO


class Refusal(Exception):
    """Caged work ends here, for a reason in words that a person can act on."""


class CagedTask:
    """Handed to the entry point `run(task) -> dict` of a caged module."""

    def __init__(
        self, *, request: dict[str, Any], inputs: dict[str, int], outputs: frozenset[str], folder: Path, channel: int
    ) -> None:
        self.request = request
        self._inputs = inputs
        self._outputs = outputs
        self._folder = folder
        self._channel = channel

    def size(self, name: str) -> int:
        """Return an input's size in bytes."""
        return os.fstat(self._inputs[name]).st_size

    def has(self, name: str) -> bool:
        """Tell whether this input was given."""
        return name in self._inputs

    def open(self, name: str) -> BinaryIO:
        """Return an input as a binary file at its beginning."""
        os.lseek(self._inputs[name], 0, os.SEEK_SET)
        return os.fdopen(os.dup(self._inputs[name]), "rb")

    def map(self, name: str) -> "mmap.mmap | bytes":
        """Return an input's bytes without copying them."""
        if self.size(name) == 0:
            return b""
        return mmap.mmap(self._inputs[name], 0, prot=mmap.PROT_READ)

    def output(self, name: str) -> Path:
        """Return where to write a declared output."""
        if name not in self._outputs:
            raise Refusal(f"“{name}” is not among the declared outputs")
        return self._folder / name

    def progress(self, done: int, total: int, message: str) -> None:
        """Tell the parent where this work is."""
        self.send({"progress": [done, total, message]})

    def send(self, line: dict[str, Any]) -> None:
        """Write one JSON line to the parent."""
        data = (json.dumps(line, allow_nan=False) + "\n").encode()
        while data:
            data = data[os.write(self._channel, data) :]
