"""A seccomp filter assembled by hand: no network, no new programs or processes, nothing of other processes.

Refused calls return EPERM, so that libraries can go on; a call by another architecture's numbers ends the process.
Source: Linux `Documentation/userspace-api/seccomp_filter.rst`, `linux/bpf_common.h`, the kernel's system call tables.
"""

import ctypes
import errno
import os
import platform
import struct

AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
CLONE_THREAD = 0x00010000
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
JUMP_GREATER_OR_EQUAL = 0x35
JUMP_BITS_SET = 0x45
RETURN = 0x06
ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
ERRNO = 0x00050000
OFFSET_NUMBER, OFFSET_ARCHITECTURE, OFFSET_FIRST_ARGUMENT = 0, 4, 16

# Name: (x86_64, aarch64); None where that architecture has no such call.
CALLS: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "sendmmsg": (307, 269),
    "recvmmsg": (299, 243),
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "execve": (59, 221),
    "execveat": (322, 281),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, None),
    "open_by_handle_at": (304, None),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "fanotify_init": (300, 262),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmdt": (67, 197),
    "semget": (64, 190),
    "semctl": (66, 191),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "setgroups": (116, 159),
    "capset": (126, 91),
    "personality": (135, 92),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "lookup_dcookie": (212, 18),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "_sysctl": (156, None),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "open_tree_attr": (467, 467),
    "file_setattr": (469, 469),
}
# These are allowed with some arguments: a thread, a signal to oneself, one's own limits.
CONDITIONAL = {"clone", "clone3", "kill", "tgkill", "prlimit64"}

Instruction = bytes


class SeccompUnsupported(Exception):
    """No filter is known for this architecture, or the kernel refused it."""


def instruction(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> Instruction:
    """Return one BPF instruction (struct sock_filter)."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def assemble(*, machine: str, pid: int, refused: frozenset[str] = frozenset(CALLS)) -> bytes:
    """Return the filter program for a process `pid` on `machine`; raises SeccompUnsupported for unknown machines."""
    if machine not in AUDIT_ARCHITECTURES:
        raise SeccompUnsupported(f"no system call numbers are known for {machine}")
    column = 0 if machine == "x86_64" else 1
    program = [
        instruction(LOAD_WORD, OFFSET_ARCHITECTURE),
        instruction(JUMP_EQUAL, AUDIT_ARCHITECTURES[machine], if_true=1),
        instruction(RETURN, KILL_PROCESS),
        instruction(LOAD_WORD, OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        program += [
            instruction(JUMP_GREATER_OR_EQUAL, X32_BIT, if_false=1),
            instruction(RETURN, ERRNO | errno.ENOSYS),
        ]
    for name in sorted(refused):
        number = CALLS[name][column]
        if number is None:
            continue
        body = _conditional(name, pid) if name in CONDITIONAL else [instruction(RETURN, ERRNO | errno.EPERM)]
        program.append(instruction(JUMP_EQUAL, number, if_false=len(body)))
        program += body
    program.append(instruction(RETURN, ALLOW))
    return b"".join(program)


def _conditional(name: str, pid: int) -> list[Instruction]:
    allow, refuse = instruction(RETURN, ALLOW), instruction(RETURN, ERRNO | errno.EPERM)
    first = instruction(LOAD_WORD, OFFSET_FIRST_ARGUMENT)
    if name == "clone3":  # its flags are behind a pointer; glibc falls back to clone
        return [instruction(RETURN, ERRNO | errno.ENOSYS)]
    if name == "clone":
        return [first, instruction(JUMP_BITS_SET, CLONE_THREAD, if_false=1), allow, refuse]
    if name == "prlimit64":  # 0 is oneself
        return [
            first,
            instruction(JUMP_EQUAL, 0, if_true=1),
            instruction(JUMP_EQUAL, pid, if_false=1),
            allow,
            refuse,
        ]
    return [first, instruction(JUMP_EQUAL, pid, if_false=1), allow, refuse]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def install(*, refused: frozenset[str] = frozenset(CALLS)) -> None:
    """Refuse these calls for this process from now on; needs no_new_privs; raises SeccompUnsupported."""
    if struct.calcsize("P") != 8:  # noqa: PLR2004
        raise SeccompUnsupported("only 64-bit processes are filtered")
    program = assemble(machine=platform.machine(), pid=os.getpid(), refused=refused)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(header), 0, 0) != 0:
        raise SeccompUnsupported(os.strerror(ctypes.get_errno()))
