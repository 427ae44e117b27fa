"""Landlock: the files that this process may still open, and nothing of TCP or of others' signals.

Source: Linux `Documentation/userspace-api/landlock.rst`, `linux/landlock.h` (ABI 1 to 6).
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
VERSION_QUERY = 1
RULE_PATH_BENEATH = 1

READ_FILE, READ_DIRECTORY = 1 << 2, 1 << 3
EXECUTE, WRITE_FILE, REMOVE_DIRECTORY, REMOVE_FILE = 1 << 0, 1 << 1, 1 << 4, 1 << 5
MAKE_DIRECTORY, MAKE_REGULAR, REFER, TRUNCATE, DEVICE_CONTROL = 1 << 7, 1 << 8, 1 << 13, 1 << 14, 1 << 15
FIRST_RIGHTS = (1 << 13) - 1
WRITE = WRITE_FILE | REMOVE_DIRECTORY | REMOVE_FILE | MAKE_DIRECTORY | MAKE_REGULAR
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE_CONTROL
TCP_BIND_AND_CONNECT = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
ABI_REFER, ABI_TRUNCATE, ABI_NETWORK, ABI_DEVICES, ABI_SCOPES = 2, 3, 4, 5, 6


def abi_version() -> int:
    """Return the kernel's Landlock ABI; 0 where there is none."""
    return max(0, _system_call(CREATE_RULESET, None, 0, VERSION_QUERY))


def restrict(*, readable: Iterable[Path], writable: Iterable[Path]) -> int:
    """Keep this process to these trees from now on; return the ABI in force, 0 when the kernel has none.

    Paths that don't exist are skipped. Needs no_new_privs. Raises OSError when a kernel with Landlock refuses.
    """
    abi = abi_version()
    if abi == 0:
        return 0
    rights = _handled_rights(abi)
    network = TCP_BIND_AND_CONNECT if abi >= ABI_NETWORK else 0
    scopes = ABSTRACT_SOCKETS_AND_SIGNALS if abi >= ABI_SCOPES else 0
    attributes = struct.pack("=QQQ", rights, network, scopes)
    size = 24 if abi >= ABI_SCOPES else 16 if abi >= ABI_NETWORK else 8
    ruleset = _checked(CREATE_RULESET, ctypes.create_string_buffer(attributes, len(attributes)), size, 0)
    try:
        for path in readable:
            _allow(ruleset, path, READ_FILE | READ_DIRECTORY)
        for path in writable:
            _allow(ruleset, path, (READ_FILE | READ_DIRECTORY | WRITE | TRUNCATE | REFER) & rights)
        _checked(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return abi


def _handled_rights(abi: int) -> int:
    rights = FIRST_RIGHTS
    for since, right in ((ABI_REFER, REFER), (ABI_TRUNCATE, TRUNCATE), (ABI_DEVICES, DEVICE_CONTROL)):
        if abi >= since:
            rights |= right
    return rights


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        if not path.is_dir():
            rights &= FILE_RIGHTS
        rule = struct.pack("=Qi", rights, target)
        _checked(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)
    finally:
        os.close(target)


def _system_call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return int(libc.syscall(ctypes.c_long(number), *words))


def _checked(number: int, *arguments: object) -> int:
    result = _system_call(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
