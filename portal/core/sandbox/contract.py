"""What goes into the cage and what may come out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from portal.core.errors import DomainError

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30


class CageUnavailable(DomainError):
    """This machine can't cage a child well enough; the work is refused, never done uncaged."""

    status: ClassVar[int] = 503
    code = "cage_unavailable"


@dataclass(frozen=True)
class Limits:
    """What a child may use; every limit is enforced by the kernel or by killing the child."""

    cpu_seconds: int = 60
    wall_seconds: float = 120.0
    memory_bytes: int = 2 * GIBIBYTE
    """Anonymous and shared memory; pages mapped from the inputs don't count."""
    file_bytes: int = 512 * MEBIBYTE
    """The largest file that the child may write."""
    folder_bytes: int = GIBIBYTE
    """All files of its folder together."""
    answer_bytes: int = 8 * MEBIBYTE
    """The JSON answer with all progress lines."""
    open_files: int = 256
    threads: int = 2
    """Threads for numerical libraries."""


class Outcome(Enum):
    """How a child ended; only `finished` carries an answer."""

    FINISHED = "finished"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    KILLED = "killed"
    OUTPUT_TOO_LARGE = "output too large"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class CagedResult:
    """A child's end, in words and values; `answer` and `files` come from untrusted work and are to be checked."""

    outcome: Outcome
    message: str
    """For people: why it did not finish; empty when it did."""
    answer: dict[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    log: str = ""
    """The end of what it wrote to stdout and stderr, for operators."""
    seconds: float = 0.0
    peak_bytes: int = 0

    @property
    def finished(self) -> bool:
        """Whether there is an answer."""
        return self.outcome is Outcome.FINISHED


@dataclass(frozen=True)
class InForce:
    """What the child found in force after it had confined itself."""

    limits: bool
    other_user: bool
    landlock: int
    """Landlock's ABI version; 0 where the kernel has none."""
    seccomp: bool
    network_namespace: bool
    no_new_privileges: bool

    def shortfall(self) -> list[str]:
        """Return what the minimum lacks: limits, no network, and either another user or Landlock."""
        missing = []
        if not self.limits:
            missing.append("resource limits can't be set")
        if not (self.seccomp or self.network_namespace):
            missing.append("the network can't be cut off (neither seccomp nor a network namespace)")
        if not (self.other_user or self.landlock):
            missing.append("files can't be kept out of reach (neither Landlock nor another user)")
        return missing

    def describe(self) -> list[str]:
        """Return one line per protection."""
        return [
            f"resource limits: {_yes(self.limits)}",
            f"unprivileged user of its own: {_yes(self.other_user)}",
            f"Landlock: {'ABI ' + str(self.landlock) if self.landlock else 'no'}",
            f"seccomp filter: {_yes(self.seccomp)}",
            f"empty network namespace: {_yes(self.network_namespace)}",
            f"no new privileges: {_yes(self.no_new_privileges)}",
        ]


@dataclass(frozen=True)
class CageReport:
    """What `doctor` prints of the cage: measured by a child that tried to get out."""

    available: bool
    lines: tuple[str, ...]
    escapes: tuple[str, ...]
    """What the probe could do although it must not; empty is good."""
    start_milliseconds: float


def _yes(value: bool) -> str:  # noqa: FBT001
    return "yes" if value else "no"
