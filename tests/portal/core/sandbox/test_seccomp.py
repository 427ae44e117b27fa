import struct

import pytest

from portal.core.sandbox import seccomp

TABLES = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"


def run(program: bytes, *, architecture: int, number: int, first: int = 0) -> int:
    """A small BPF machine: what the kernel would answer."""
    code: list[tuple[int, int, int, int]] = [
        struct.unpack("=HBBI", program[at : at + 8]) for at in range(0, len(program), 8)
    ]
    words = {0: number, 4: architecture, 16: first}
    accumulator, at = 0, 0
    while True:
        operation, if_true, if_false, value = code[at]
        at += 1
        if operation == seccomp.RETURN:
            return value
        if operation == seccomp.LOAD_WORD:
            accumulator = words[value]
            continue
        taken = {
            seccomp.JUMP_EQUAL: accumulator == value,
            seccomp.JUMP_GREATER_OR_EQUAL: accumulator >= value,
            seccomp.JUMP_BITS_SET: bool(accumulator & value),
        }[operation]
        at += if_true if taken else if_false


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_listed_call_is_refused_and_others_are_not(machine: str) -> None:
    program = seccomp.assemble(machine=machine, pid=7)
    column = 0 if machine == "x86_64" else 1
    refused = {numbers[column] for name, numbers in seccomp.CALLS.items() if numbers[column] is not None}
    architecture = seccomp.AUDIT_ARCHITECTURES[machine]
    for number in range(600):
        answer = run(program, architecture=architecture, number=number, first=99)
        assert (answer != seccomp.ALLOW) == (number in refused), number


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_threads_own_signals_and_own_limits_are_allowed(machine: str) -> None:
    program = seccomp.assemble(machine=machine, pid=7)
    column = 0 if machine == "x86_64" else 1
    for name, first in (("clone", seccomp.CLONE_THREAD), ("kill", 7), ("tgkill", 7), ("prlimit64", 0)):
        number = seccomp.CALLS[name][column]
        architecture = seccomp.AUDIT_ARCHITECTURES[machine]
        assert number is not None
        assert run(program, architecture=architecture, number=number, first=first) == seccomp.ALLOW


def test_numbers_of_another_architecture_end_the_process() -> None:
    program = seccomp.assemble(machine="x86_64", pid=7)
    assert run(program, architecture=0x40000003, number=1) == seccomp.KILL_PROCESS


def test_x32_numbers_are_refused() -> None:
    program = seccomp.assemble(machine="x86_64", pid=7)
    assert run(program, architecture=0xC000003E, number=seccomp.X32_BIT | 41) != seccomp.ALLOW


def test_unknown_machines_have_no_filter() -> None:
    with pytest.raises(seccomp.SeccompUnsupported):
        seccomp.assemble(machine="riscv64", pid=7)
