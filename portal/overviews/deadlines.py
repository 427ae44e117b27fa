"""Questions to things that may not answer: asked beside each other, and waited for no longer than a deadline."""

import threading
import time
from collections.abc import Callable, Mapping
from contextvars import copy_context
from typing import TypeVar

from django.db import connections

Answer = TypeVar("Answer")


class Asker:
    """Asks each question in a thread of its own; one that hangs is not asked again until it is through."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._hanging: dict[str, threading.Thread] = {}

    def ask(self, questions: Mapping[str, Callable[[], Answer]]) -> dict[str, Answer]:
        """Return the answers that came in time, by the question's name. A question must not raise."""
        answers: dict[str, Answer] = {}
        threads = {
            name: threading.Thread(target=copy_context().run, args=(_answer, name, question, answers), daemon=True)
            for name, question in questions.items()
            if not (name in self._hanging and self._hanging[name].is_alive())
        }
        for thread in threads.values():
            thread.start()
        deadline = time.monotonic() + self.seconds
        for thread in threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        self._hanging |= {name: thread for name, thread in threads.items() if thread.is_alive()}
        return dict(answers)


def _answer(name: str, question: Callable[[], Answer], answers: dict[str, Answer]) -> None:
    try:
        answers[name] = question()
    finally:
        connections.close_all()  # this thread's own
