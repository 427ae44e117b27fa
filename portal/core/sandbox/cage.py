"""Starts a caged child, watches it, and brings back what it answered.

Inputs are handed over as open file descriptors: nothing is copied, the store they come from stays unreadable to the
child, and what is inspected cannot be exchanged under its name.
"""

import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from portal.core.progress import Progress, silent
from portal.core.sandbox import landlock
from portal.core.sandbox.contract import CagedResult, CageReport, CageUnavailable, InForce, Limits, Outcome
from portal.core.sandbox.folder import temporary_folder
from portal.core.sandbox.reach import DEVICES_WRITTEN, Reach, installation
from portal.core.sandbox.watch import Watched, watch

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
PROBE = "portal.core.sandbox.probe"
DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class _Run:
    """One child's end before its outputs are read."""

    watched: Watched
    in_force: InForce | None


def run_caged(
    *,
    module: str,
    request: Mapping[str, Any],
    inputs: Mapping[str, Path],
    limits: Limits = DEFAULT_LIMITS,
    outputs: Mapping[str, int] | None = None,
    readable: Sequence[Path] = (),
    progress: Progress = silent,
    should_stop: Callable[[], bool] | None = None,
) -> CagedResult:
    """Run `module.run(task)` in a limited child and return how it ended.

    `inputs` are opened here and reach the child as file descriptors; `outputs` are the files it may leave, each with
    its largest size in bytes; `readable` adds places it may read (fonts). What `progress` raises ends the child and
    goes on to the caller. Raises CageUnavailable where this machine offers less than the minimum.
    """
    result, _ = _run(
        module=module,
        request=request,
        inputs=inputs,
        limits=limits,
        outputs=outputs or {},
        readable=readable,
        progress=progress,
        should_stop=should_stop,
    )
    return result


def cage_report() -> CageReport:
    """Return what is in force here, seen by a child that tries to get out."""
    with tempfile.NamedTemporaryFile(prefix="countersign-outside-") as outside:
        outside.write(b"outside")
        outside.flush()
        try:
            result, in_force = _run(
                module=PROBE,
                request={"outside": outside.name},
                inputs={},
                limits=Limits(cpu_seconds=10, wall_seconds=20),
                outputs={},
                readable=(),
                progress=silent,
                should_stop=None,
            )
        except CageUnavailable as refusal:
            return CageReport(available=False, lines=(refusal.message,), escapes=(), start_milliseconds=0.0)
    if not result.finished:
        return CageReport(available=False, lines=(result.message,), escapes=(), start_milliseconds=0.0)
    return CageReport(
        available=True,
        lines=tuple(in_force.describe()),
        escapes=tuple(str(name) for name in result.answer.get("escapes", [])),
        start_milliseconds=round(result.seconds * 1000, 1),
    )


def _run(
    *,
    module: str,
    request: Mapping[str, Any],
    inputs: Mapping[str, Path],
    limits: Limits,
    outputs: Mapping[str, int],
    readable: Sequence[Path],
    progress: Progress,
    should_stop: Callable[[], bool] | None,
) -> tuple[CagedResult, InForce]:
    if not sys.platform.startswith("linux"):
        raise CageUnavailable("Untrusted files are only opened on Linux, where a child can be caged.")
    reach = installation()
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        handles = {name: stack.enter_context(path.open("rb")).fileno() for name, path in inputs.items()}
        orders = {
            "module": module,
            "request": dict(request),
            "inputs": handles,
            "outputs": sorted(outputs),
            "limits": asdict(limits),
            "folder": str(folder),
            "parent": os.getpid(),
            "packages": reach.packages,
            "site_packages": reach.site_packages,
            "readable": [*reach.readable, *map(str, readable)],
            "writable": [str(folder), *DEVICES_WRITTEN],
            "read_past_permissions": reach.private,
        }
        _refuse_unreadable(reach)
        run = _start(
            orders, folder=folder, handles=list(handles.values()), limits=limits, progress=progress, stop=should_stop
        )
        if run.in_force is None:
            if run.watched.outcome is Outcome.CANCELLED:
                return _result(run.watched, {}), _NOTHING_IN_FORCE
            raise CageUnavailable(f"A caged child did not start: {_last_line(run.watched)}")
        missing = run.in_force.shortfall()
        if missing:
            raise CageUnavailable(f"Untrusted files are not opened on this machine: {'; '.join(missing)}.")
        return _with_files(run.watched, folder, outputs), run.in_force


_NOTHING_IN_FORCE = InForce(
    limits=False, other_user=False, landlock=0, seccomp=False, network_namespace=False, no_new_privileges=False
)


def _refuse_unreadable(reach: Reach) -> None:
    if os.geteuid() == 0 and reach.private and landlock.abi_version() == 0:
        raise CageUnavailable(
            "The installation is in a folder that only its owner can read, and the kernel has no Landlock: "
            "a caged child could not load its libraries. Install where every user can read."
        )


def _start(
    orders: dict[str, Any],
    *,
    folder: Path,
    handles: list[int],
    limits: Limits,
    progress: Progress,
    stop: Callable[[], bool] | None,
) -> _Run:
    reading, writing = os.pipe2(os.O_CLOEXEC)
    threads = str(limits.threads)
    environment = {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "LOKY_MAX_CPU_COUNT": threads,
    }
    with os.fdopen(reading, "rb", buffering=0) as channel, tempfile.TemporaryFile() as document:
        try:
            document.write(json.dumps({**orders, "channel": writing}).encode())
            document.seek(0)
            child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", "-B", str(BOOTSTRAP), str(writing)],
                stdin=document,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                pass_fds=[*handles, writing],
                start_new_session=True,
            )
        finally:
            os.close(writing)
        watched = watch(child, channel, folder=folder, limits=limits, progress=progress, should_stop=stop)
    in_force = InForce(**watched.in_force) if watched.in_force is not None else None
    return _Run(watched, in_force)


def _result(watched: Watched, files: Mapping[str, bytes]) -> CagedResult:
    return CagedResult(
        outcome=watched.outcome,
        message=watched.message,
        answer=watched.answer if watched.outcome is Outcome.FINISHED else {},
        files=files,
        log=watched.log,
        seconds=watched.seconds,
        peak_bytes=watched.peak_bytes,
    )


def _with_files(watched: Watched, folder: Path, outputs: Mapping[str, int]) -> CagedResult:
    files: dict[str, bytes] = {}
    if watched.outcome is Outcome.FINISHED:
        for name, largest in outputs.items():
            try:
                files[name] = _read_output(folder / name, largest)
            except _OutputTooLarge:
                return _ended(watched, Outcome.OUTPUT_TOO_LARGE, f"Its output “{name}” is larger than {largest} bytes.")
            except OSError:
                return _ended(watched, Outcome.FAILED, f"It left no output “{name}”.")
    return _result(watched, files)


def _ended(watched: Watched, outcome: Outcome, message: str) -> CagedResult:
    return CagedResult(outcome, message, log=watched.log, seconds=watched.seconds, peak_bytes=watched.peak_bytes)


class _OutputTooLarge(Exception):
    """A declared output is over its size."""


def _read_output(path: Path, largest: int) -> bytes:
    """Read a regular file that the ended child left; a link, a pipe or a device is refused (OSError)."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise OSError("not a plain file of its own")
        if found.st_size > largest:
            raise _OutputTooLarge
        return file.read(largest)


def _last_line(watched: Watched) -> str:
    lines = [line for line in watched.log.splitlines() if line.strip()]
    return lines[-1][:300] if lines else watched.message or "no reason was given"
