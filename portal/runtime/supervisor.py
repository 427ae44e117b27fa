"""Keeps a few programs running: starts them in order, starts them again when they die, stops them in reverse."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from portal.core.parentage import die_with_parent
from portal.env import SECRET_VARIABLES, needed_by
from portal.runtime import processes

_FIRST_PAUSE, _LONGEST_PAUSE, _SETTLED = 0.5, 30.0, 60.0
_LARGEST_LOG = 10_000_000


@dataclass(frozen=True)
class Program:
    """What to run, how many seconds it may take to stop after TERM, and how far it steps back for others (0 to 19)."""

    name: str
    command: list[str]
    stop_seconds: float = 10.0
    niceness: int = 0
    stops_with_former: bool = False
    kind: str = ""
    """Its name among portal.env.PROGRAMS: it gets no more of the secret variables than that one needs."""


@dataclass
class _Life:
    """A program's present process and its history of dying."""

    program: Program
    process: subprocess.Popen[bytes]
    since: float
    pause: float = _FIRST_PAUSE
    again_at: float | None = None


@dataclass
class Supervisor:
    """Runs programs as children in sessions of their own; records them in `run` for whoever comes after a crash."""

    run: Path
    logs: Path
    cwd: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]
    _lives: list[_Life] = field(default_factory=list)

    def start(self, program: Program) -> None:
        """Start the program as the next one."""
        self._lives.append(_Life(program, self._spawn(program), time.monotonic()))

    def tend(self) -> None:
        """Start again, after a growing pause, what has died."""
        now = time.monotonic()
        for life in self._lives:
            if life.again_at is None and life.process.poll() is not None:
                self._note_death(life, now)
            elif life.again_at is not None and now >= life.again_at:
                life.process, life.since, life.again_at = self._spawn(life.program), now, None

    def stop(self, hurry: Callable[[], bool]) -> None:
        """Stop all in reverse order: TERM to the main process only, then KILL to what is left of its group."""
        while self._lives:
            batch = [self._lives.pop()]
            while batch[-1].program.stops_with_former:
                batch.append(self._lives.pop())
            for life in batch:
                if life.process.poll() is None:
                    # To the whole group it would reach Celery's pool twice, which hangs it.
                    life.process.terminate()
            deadline = time.monotonic() + max(life.program.stop_seconds for life in batch)
            while any(life.process.poll() is None for life in batch) and time.monotonic() < deadline and not hurry():
                time.sleep(0.02)
            for life in batch:
                _end_group(life.process)
                self._record(life.program).unlink(missing_ok=True)
                self.say(f"{life.program.name} stopped")

    def _note_death(self, life: _Life, now: float) -> None:
        life.pause = _FIRST_PAUSE if now - life.since > _SETTLED else min(life.pause * 2, _LONGEST_PAUSE)
        life.again_at = now + life.pause
        status, name = life.process.returncode, life.program.name
        _end_group(life.process)
        self.say(f"{name} ended with status {status}; again in {life.pause:.0f} s; see {self.logs / name}.log")

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        parent = os.getpid()
        log = self.logs / f"{program.name}.log"
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = subprocess.Popen(
                program.command,
                cwd=self.cwd,
                env=environment_of(program, self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us, who stop them in order
                preexec_fn=lambda: _enter(parent, program.niceness),  # noqa: PLW1509  (we have no threads)
            )
        facts = {"process": process.pid, "group": process.pid, "started": processes.start_time(process.pid)}
        partial = self._record(program).with_suffix(".new")
        partial.write_text(json.dumps(facts))
        partial.rename(self._record(program))
        return process

    def _record(self, program: Program) -> Path:
        return self.run / f"{program.name}.json"


def environment_of(program: Program, variables: Mapping[str, str]) -> dict[str, str]:
    """Return what a program is started with: who it is, and of the secrets only what it needs."""
    surplus = set(SECRET_VARIABLES) - needed_by(program.kind or None)
    kept = {name: value for name, value in variables.items() if name not in surplus}
    return kept | ({"COUNTERSIGN_PROGRAM": program.kind} if program.kind else {})


def _enter(parent: int, niceness: int) -> None:
    """Prepare the new process, between fork and exec."""
    die_with_parent(parent)
    os.nice(niceness)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process and its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def reap(run: Path, mark: str) -> int:
    """End what a former life left: recorded programs that are still the same ones, and every process with its mark."""
    left = set(processes.marked(mark)) if mark else set()
    for record in run.glob("*.json"):
        facts = json.loads(record.read_text())
        if "group" not in facts:
            continue
        if processes.start_time(facts["process"]) == facts["started"]:
            left.add(facts["process"])
        record.unlink()
    processes.end(sorted(left))
    return len(left)
