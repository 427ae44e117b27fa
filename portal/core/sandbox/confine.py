"""What a fresh child does to itself before it looks at an untrusted byte; every step is one way."""

import ctypes
import os
import resource
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.core.sandbox import landlock, seccomp
from portal.core.sandbox.contract import GIBIBYTE, InForce

# Each child runs as a user of its own, so that neither a sibling nor anything else run as `nobody` is in its reach,
# and its threads are counted alone. The range is unused by distributions and systemd.
FIRST_USER = 1_900_000_000
CPU_GRACE_SECONDS = 2
THREADS_AND_PROCESSES = 128
ADDRESS_SPACE_SLACK = 4 * GIBIBYTE  # numpy and onnxruntime reserve much more than they use

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS = 1, 4, 8
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS = 24, 38, 39
SIGKILL = 9
CAP_DAC_READ_SEARCH = 2
LAST_CAPABILITY = 63
CAPABILITY_VERSION_3 = 0x20080522
CLONE_NEWNET = 0x40000000


class ParentGone(Exception):
    """The parent ended before the child was tied to its life."""


@dataclass(frozen=True)
class Confinement:
    """What the parent wants for its child."""

    parent: int
    folder: Path
    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    limits: dict[str, Any]
    input_bytes: int
    read_past_permissions: bool
    """The installation is in a private home: keep CAP_DAC_READ_SEARCH, which Landlock then bounds."""


def confine(wanted: Confinement) -> InForce:
    """Give everything up that can be given up; return what is in force."""
    limits = _limit(wanted)
    landlock_known = landlock.abi_version() > 0
    namespace = os.geteuid() == 0 and _libc().unshare(CLONE_NEWNET) == 0
    other_user = _become_nobody(wanted, keep_reading=landlock_known and wanted.read_past_permissions)
    # After the change of user, which clears it.
    _control(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != wanted.parent:
        raise ParentGone
    _control(PR_SET_DUMPABLE, 0)
    no_new_privileges = _control(PR_SET_NO_NEW_PRIVS, 1) == 0 and _control(PR_GET_NO_NEW_PRIVS, 0) == 1
    abi = landlock.restrict(readable=wanted.readable, writable=wanted.writable) if landlock_known else 0
    try:
        seccomp.install()
        filtered = True
    except seccomp.SeccompUnsupported:
        filtered = False
    return InForce(
        limits=limits,
        other_user=other_user,
        landlock=abi,
        seccomp=filtered,
        network_namespace=namespace,
        no_new_privileges=no_new_privileges,
    )


def _limit(wanted: Confinement) -> bool:
    limits = wanted.limits
    memory = int(limits["memory_bytes"])
    cpu = int(limits["cpu_seconds"])
    pairs = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_CPU: (cpu, cpu + CPU_GRACE_SECONDS),
        resource.RLIMIT_DATA: (memory, memory),
        resource.RLIMIT_AS: (memory + wanted.input_bytes + ADDRESS_SPACE_SLACK,) * 2,
        resource.RLIMIT_FSIZE: (int(limits["file_bytes"]),) * 2,
        resource.RLIMIT_NOFILE: (int(limits["open_files"]),) * 2,
        resource.RLIMIT_MEMLOCK: (0, 0),
        resource.RLIMIT_MSGQUEUE: (0, 0),
    }
    for which, (soft, hard) in pairs.items():
        ceiling = resource.getrlimit(which)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)  # noqa: PLW2901
        resource.setrlimit(which, (soft, hard))
    return all(resource.getrlimit(which)[1] <= hard for which, (_, hard) in pairs.items())


def _become_nobody(wanted: Confinement, *, keep_reading: bool) -> bool:
    """Leave root for a user of this child alone; whoever stays who they are loses every capability."""
    changed = False
    if os.geteuid() == 0:
        user = FIRST_USER + os.getpid()
        for capability in range(LAST_CAPABILITY + 1):
            _control(PR_CAPBSET_DROP, capability)
        try:
            os.chown(wanted.folder, user, user)
            os.setgroups([])
            os.setresgid(user, user, user)
            _control(PR_SET_KEEPCAPS, 1 if keep_reading else 0)
            os.setresuid(user, user, user)
            # It counts this user's threads only, so it is set where the user is the child's own.
            resource.setrlimit(resource.RLIMIT_NPROC, (THREADS_AND_PROCESSES, THREADS_AND_PROCESSES))
            changed = True
        except OSError:  # a user namespace without these numbers: still root in it, but without capabilities
            os.chown(wanted.folder, os.geteuid(), os.getegid())
    _keep_capabilities(1 << CAP_DAC_READ_SEARCH if changed and keep_reading else 0)
    return changed


def _keep_capabilities(mask: int) -> None:
    header = ctypes.create_string_buffer(struct.pack("=Ii", CAPABILITY_VERSION_3, 0), 8)
    sets = ctypes.create_string_buffer(struct.pack("=6I", mask, mask, 0, 0, 0, 0), 24)
    if _libc().capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capabilities can't be given up")


def _control(option: int, value: int) -> int:
    return int(_libc().prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
