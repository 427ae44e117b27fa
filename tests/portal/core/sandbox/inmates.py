"""Caged code that misbehaves; chosen by the request's `deed`."""

import ctypes
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from portal.core.sandbox.child import CagedTask, Refusal


def run(task: CagedTask) -> dict[str, object]:
    return globals()[task.request["deed"]](task) or {}


def answer(task: CagedTask) -> dict[str, object]:
    return {"request": task.request, "input": task.open("file").read().decode() if task.has("file") else None}


def refuse(task: CagedTask) -> None:
    raise Refusal("The column “age” is missing.")


def raise_error(task: CagedTask) -> None:
    raise ZeroDivisionError("one\nby nothing")


def loop(task: CagedTask) -> None:
    while True:
        pass


def sleep(task: CagedTask) -> None:
    task.progress(0, 2, f"{os.getpid()}")
    time.sleep(600)


def hog_memory(task: CagedTask) -> None:
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20)) * 4)


def hog_shared_memory(task: CagedTask) -> None:
    import mmap

    area = mmap.mmap(-1, 2 << 30)
    for offset in range(0, len(area), 4096):
        area[offset] = 1
    time.sleep(30)


def allocate_at_once(task: CagedTask) -> None:
    bytearray(64 << 30)


def fork_bomb(task: CagedTask) -> dict[str, object]:
    born, errors = 0, set()
    for _ in range(1000):
        try:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            born += 1
        except OSError as error:
            errors.add(type(error).__name__)
    return {"born": born, "errors": sorted(errors)}


def thread_bomb(task: CagedTask) -> dict[str, object]:
    started = 0
    try:
        for _ in range(5000):
            threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
            started += 1
    except RuntimeError:
        pass
    return {"started": started}


def start_program(task: CagedTask) -> None:
    os.execv("/bin/sh", ["sh", "-c", "true"])  # noqa: S606


def open_sockets(task: CagedTask) -> dict[str, object]:
    families = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK)
    return {"opened": [str(family) for family in families if _works(partial(socket.socket, family))]}


def reach_out(task: CagedTask) -> dict[str, object]:
    secret = Path(task.request["secret"])
    libc = ctypes.CDLL(None, use_errno=True)
    deeds = {
        "read": secret.read_text,
        "read through /proc": lambda: Path(f"/proc/self/root{secret}").read_text(),
        "list": lambda: list(secret.parent.iterdir()),
        "write": lambda: secret.write_text("mine"),
        "write beside": lambda: secret.with_name("new").write_text("mine"),
        "remove": secret.unlink,
        "link": lambda: os.link(secret, "linked"),
        "change its mode": lambda: secret.chmod(0o777),
        "write to /tmp": lambda: Path("/tmp/countersign-escaped").write_text("x"),  # noqa: S108
        "write to /dev/shm": lambda: Path("/dev/shm/countersign-escaped").write_text("x"),  # noqa: S108
        "read users": Path("/etc/passwd").read_text,
        "read its parent's environment": Path(f"/proc/{os.getppid()}/environ").read_bytes,
        "signal its parent": lambda: os.kill(os.getppid(), 0),
        "become root": lambda: os.setuid(0),
        "trace its parent": lambda: _zero(libc.ptrace(16, os.getppid(), 0, 0)),
        "mount": lambda: _zero(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
        "leave its group": os.setsid,
        "raise its limits": lambda: _zero(libc.prlimit(os.getppid(), 7, None, None)),
    }
    return {"done": [name for name, deed in deeds.items() if _works(deed)]}


def tell_environment(task: CagedTask) -> dict[str, object]:
    names = sorted(os.environ)
    Path("kept").write_text("in its own folder")
    return {"names": names, "cwd": str(Path.cwd())}


def leave_file(task: CagedTask) -> None:
    task.output("out.bin").write_bytes(b"x" * task.request["size"])


def leave_link(task: CagedTask) -> None:
    task.output("out.bin").symlink_to(task.request["target"])


def fill_disk(task: CagedTask) -> None:
    for number in range(1000):
        Path(f"f{number}").write_bytes(b"x" * (1 << 20))
        time.sleep(0.01)


def dig_deep(task: CagedTask) -> dict[str, object]:
    for _ in range(1500):
        Path("d").mkdir()
        os.chdir("d")
    return {"cwd": str(Path.cwd())[:60]}


def talk(task: CagedTask) -> dict[str, object]:
    return {"words": "x" * (32 << 20)}


def babble(task: CagedTask) -> None:
    os.write(task._channel, b"this is not JSON\n")


def answer_nan(task: CagedTask) -> None:
    os.write(task._channel, json.dumps({"answer": {"x": float("nan")}}).encode() + b"\n")


def crash(task: CagedTask) -> None:
    ctypes.string_at(0)


def print_much(task: CagedTask) -> dict[str, object]:
    for _ in range(200_000):
        sys.stdout.write("noise " * 10 + "\n")
    sys.stdout.write("last words\n")
    return {}


def _works(deed: Callable[[], object]) -> bool:
    try:
        deed()
    except OSError:
        return False
    return True


def _zero(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "refused")
