"""Watches a caged child: reads its lines, counts its memory and time, ends it, and says how it ended."""

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

from portal.core.progress import Progress
from portal.core.sandbox.contract import MEBIBYTE, Limits, Outcome
from portal.core.sandbox.folder import size_of

LOOK_SECONDS = 0.025
"""Memory is looked at this often: a child can overshoot by what it touches meanwhile."""
FOLDER_SECONDS = 0.5
PROGRESS_SECONDS = 0.25
SILENT_SECONDS = 2.0
"""A silent child's last progress is repeated this often, so that heartbeats go on and cancelling is heard."""
LOG_BYTES = 16_384
MESSAGE_LENGTH = 200


@dataclass
class Watched:
    """What was seen of one child."""

    outcome: Outcome = Outcome.KILLED
    message: str = ""
    answer: dict[str, Any] = field(default_factory=dict)
    in_force: dict[str, Any] | None = None
    log: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0


def watch(
    child: "subprocess.Popen[bytes]",
    channel: FileIO,
    *,
    folder: Path,
    limits: Limits,
    progress: Progress,
    should_stop: Callable[[], bool] | None,
) -> Watched:
    """Stay with a child until it ended, and never leave it alive."""
    watcher = _Watcher(child, channel, folder=folder, limits=limits, progress=progress, should_stop=should_stop)
    try:
        return watcher.until_ended()
    finally:
        watcher.end_child()


class _Watcher:
    def __init__(
        self,
        child: "subprocess.Popen[bytes]",
        channel: FileIO,
        *,
        folder: Path,
        limits: Limits,
        progress: Progress,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.child, self.channel, self.folder, self.limits = child, channel, folder, limits
        self.progress, self.should_stop = progress, should_stop
        self.started = time.monotonic()
        self.seen = Watched()
        self.received = 0
        self.partial = b""
        self.log = bytearray()
        self.ending: dict[str, Any] | None = None
        self.last_progress: tuple[int, int, str] = (0, 0, "")
        self.unreported = False
        self.reported_at = self.measured_at = self.asked_at = self.started

    def until_ended(self) -> Watched:
        """Read and look until both pipes are closed or a limit is passed."""
        assert self.child.stdout is not None  # noqa: S101
        with selectors.DefaultSelector() as selector:
            for stream in (self.channel, self.child.stdout):
                os.set_blocking(stream.fileno(), False)
                selector.register(stream, selectors.EVENT_READ)
            stopped = None
            while selector.get_map() and stopped is None:
                for key, _ in selector.select(LOOK_SECONDS):
                    data = os.read(key.fd, 65_536)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self.channel:
                        self._receive(data)
                    else:
                        self.log = (self.log + data)[-LOG_BYTES:]
                stopped = self._passed_limit()
                self._report()
        if stopped is None:
            self._await_exit()
        self.end_child()
        self.seen.log = self.log.decode(errors="replace")
        self.seen.seconds = time.monotonic() - self.started
        self.seen.outcome, self.seen.message = stopped or self._ending()
        return self.seen

    def end_child(self) -> None:
        """Kill the child's whole group, and reap it."""
        if self.child.poll() is None:
            try:
                os.killpg(self.child.pid, signal.SIGKILL)
            except ProcessLookupError:
                self.child.kill()
            self.child.wait()
        if self.child.stdout is not None:
            self.child.stdout.close()

    def _await_exit(self) -> None:
        # Both pipes are closed; a child that closed them and goes on gets no more time than its limit.
        remaining = self.limits.wall_seconds - (time.monotonic() - self.started)
        try:
            self.child.wait(timeout=max(0.1, min(remaining, 5.0)))
        except subprocess.TimeoutExpired:
            self.end_child()

    def _receive(self, data: bytes) -> None:
        self.received += len(data)
        if self.received > self.limits.answer_bytes:
            return
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            self._hear(line)

    def _hear(self, line: bytes) -> None:
        try:
            heard = json.loads(line, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            self.ending = {"failed": "It answered something that is not JSON."}
            return
        if not isinstance(heard, dict):
            self.ending = {"failed": "It answered something that is not an object."}
        elif self.seen.in_force is None and isinstance(heard.get("in_force"), dict):
            self.seen.in_force = heard["in_force"]
        elif "progress" in heard:
            self._hear_progress(heard["progress"])
        else:
            self.ending = heard

    def _hear_progress(self, values: object) -> None:
        match values:
            case [int(done), int(total), str(message)]:
                self.last_progress = (done, total, message[:MESSAGE_LENGTH])
                self.unreported = True
            case _:
                self.ending = {"failed": "It reported a progress that can't be read."}

    def _report(self) -> None:
        now = time.monotonic()
        if now - self.reported_at > (PROGRESS_SECONDS if self.unreported else SILENT_SECONDS):
            self.reported_at, self.unreported = now, False
            self.progress(*self.last_progress)

    def _passed_limit(self) -> tuple[Outcome, str] | None:
        limits, now = self.limits, time.monotonic()
        if self.should_stop is not None and now - self.asked_at > PROGRESS_SECONDS:
            self.asked_at = now
            if self.should_stop():
                return Outcome.CANCELLED, "It was cancelled."
        if now - self.started > limits.wall_seconds:
            return Outcome.TIMED_OUT, f"It did not end within {limits.wall_seconds:g} seconds."
        if self.received > limits.answer_bytes:
            return Outcome.OUTPUT_TOO_LARGE, f"Its answer is larger than {limits.answer_bytes} bytes."
        memory = memory_of(self.child.pid)
        self.seen.peak_bytes = max(self.seen.peak_bytes, memory)
        if memory > limits.memory_bytes:
            return Outcome.OUT_OF_MEMORY, _memory_words(limits)
        if now - self.measured_at > FOLDER_SECONDS:
            self.measured_at = now
            if size_of(self.folder) > limits.folder_bytes:
                return Outcome.OUTPUT_TOO_LARGE, f"Its files are larger than {limits.folder_bytes} bytes."
        return None

    def _ending(self) -> tuple[Outcome, str]:
        """Say how a child that ended by itself ended."""
        status, ending = self.child.returncode, self.ending or {}
        if isinstance(ending.get("failed"), str):
            return Outcome.FAILED, ending["failed"]
        if status == 0 and isinstance(ending.get("answer"), dict):
            self.seen.answer = ending["answer"]
            return Outcome.FINISHED, ""
        starved = ending.get("out_of_memory") or b"bad_alloc" in self.log or b"MemoryError" in self.log
        table = (
            (starved, Outcome.OUT_OF_MEMORY, _memory_words(self.limits)),
            (ending.get("output_too_large"), Outcome.OUTPUT_TOO_LARGE, "It wrote a file larger than it may."),
            (status == -signal.SIGXCPU, Outcome.TIMED_OUT, _processor_words(self.limits)),
            (status == -signal.SIGKILL, Outcome.KILLED, "It was killed; the machine may be short of memory."),
            (status < 0, Outcome.KILLED, f"It crashed ({_signal_name(status)})."),
        )
        for seen, outcome, words in table:
            if seen:
                return outcome, words
        return Outcome.KILLED, "It ended without an answer."


def memory_of(pid: int) -> int:
    """Return a process's anonymous and shared memory in bytes, swapped or not; 0 when it ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    counted = {"RssAnon:", "RssShmem:", "VmSwap:"}
    return sum(int(words[1]) * 1024 for line in lines if (words := line.split()) and words[0] in counted)


def _memory_words(limits: Limits) -> str:
    return f"It needed more than {limits.memory_bytes // MEBIBYTE} MiB of memory."


def _processor_words(limits: Limits) -> str:
    return f"It used up its {limits.cpu_seconds} seconds of processor time."


def _signal_name(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
