"""How long work tells where it is, and learns that it was cancelled."""

from typing import Protocol


class Cancelled(Exception):
    """Somebody asked this work to stop; raised from a progress call."""


class Progress(Protocol):
    """Report `done` of `total` steps and what is being done now; raises Cancelled when asked to stop."""

    def __call__(self, done: int, total: int, message: str) -> None:
        """Report one step."""
        ...


def silent(done: int, total: int, message: str) -> None:
    """Report to nobody."""
