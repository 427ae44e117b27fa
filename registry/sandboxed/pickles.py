"""What a pickle would do, read from its opcodes: nothing in it is imported, called or built, not even in the cage."""

import pickletools
import struct
from dataclasses import asdict, dataclass, field
from io import BytesIO
from typing import Any

from registry.sandboxed import content

LISTED_BYTES = 64 << 20
"""Of a pickle's unpacked bytes; the rest of a larger one is not read."""
MOST_OPCODES = 500_000
MOST_NAMES, LONGEST_NAME = 200, 120
CALLS = frozenset({"REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"})
WORDS = frozenset(
    {"UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING"}
)
PUTS, GETS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"}), frozenset({"GET", "BINGET", "LONG_BINGET"})
UNTOUCHED = frozenset({"PROTO", "FRAME", "MARK", "STOP"})
ALARMING = frozenset(
    {
        "asyncio", "bdb", "code", "commands", "ctypes", "ftplib", "http", "importlib", "marshal", "multiprocessing",
        "nt", "os", "pathlib", "pdb", "pickle", "pip", "platform", "posix", "pty", "pydoc", "requests", "runpy",
        "shutil", "signal", "smtplib", "socket", "subprocess", "sys", "tempfile", "threading", "types", "urllib",
        "webbrowser", "_pickle",
    }
)  # fmt: skip
ALARMING_BUILTINS = frozenset(
    {
        "__import__",
        "apply",
        "breakpoint",
        "compile",
        "delattr",
        "eval",
        "exec",
        "execfile",
        "getattr",
        "open",
        "setattr",
    }
)
HIDDEN = "a name that is put together only when it is opened"


@dataclass
class Listing:
    """What the opcodes of one pickle say."""

    name: str
    compressed: str
    """By what, or ""."""
    protocol: int = 0
    opcodes: int = 0
    calls: int = 0
    """Opcodes that call or fill something."""
    names: list[str] = field(default_factory=list)
    """What it would import, each once."""
    alarming: list[str] = field(default_factory=list)
    """Those among the names that models need not have: an opinion."""
    complete: bool = False
    """Whether the end of the pickle was read; a stream with arrays in between, as joblib writes it, ends early."""

    def as_dict(self) -> dict[str, Any]:
        """Return what the artifact keeps."""
        return asdict(self)


class _Stack:
    """The last words on the stack, as far as the names of imports need them."""

    def __init__(self) -> None:
        self.recent: list[str | None] = []
        self.memo: dict[int, str | None] = {}

    def follow(self, opcode: str, argument: Any) -> None:
        """Take what an opcode leaves on top; what is no word is None."""
        if opcode in UNTOUCHED:
            return
        top = self.recent[-1] if self.recent else None
        if opcode == "MEMOIZE":
            self.memo[len(self.memo)] = top
        elif opcode in PUTS:
            self.memo[int(argument)] = top
        elif opcode in GETS:
            self.recent.append(self.memo.get(int(argument)))
        else:
            self.recent.append(str(argument) if opcode in WORDS else None)
        del self.recent[:-4]

    def imported(self) -> str:
        """Return the name of which module and attribute lie on top."""
        module, name = ([None, None, *self.recent])[-2:]
        return HIDDEN if module is None or name is None else f"{module}.{name}"


def listing(name: str, data: bytes) -> Listing:
    """Return what the opcodes of a pickle say: plain, compressed, or behind the header of a NumPy array."""
    compressed, plain = content.unpacked(data, LISTED_BYTES)
    found, stack, names = Listing(_told(name), compressed), _Stack(), dict[str, None]()
    try:
        for opcode, argument, _ in pickletools.genops(BytesIO(plain[_start(plain) :])):
            found.opcodes += 1
            found.calls += opcode.name in CALLS
            if opcode.name == "PROTO":
                found.protocol = int(argument or 0)
            elif opcode.name == "STACK_GLOBAL":
                names[stack.imported()] = None
            elif opcode.name in {"GLOBAL", "INST"}:
                names[str(argument).replace(" ", ".")] = None
            elif opcode.name.startswith("EXT"):
                names[HIDDEN] = None
            stack.follow(opcode.name, argument)
            if found.opcodes == MOST_OPCODES:
                break
        else:
            found.complete = True
    except (ValueError, UnicodeError, OverflowError, IndexError, MemoryError, struct.error):
        found.complete = False
    found.names = [_told(one) for one in list(names)[:MOST_NAMES]]
    found.alarming = [_told(one) for one in names if is_alarming(one)][:MOST_NAMES]
    found.complete = found.complete and len(names) <= MOST_NAMES
    return found


def is_alarming(name: str) -> bool:
    """Tell whether a model has no need of this import, in our opinion."""
    module, _, attribute = name.rpartition(".")
    if module in {"builtins", "__builtin__"}:
        return attribute in ALARMING_BUILTINS
    return name == HIDDEN or name.partition(".")[0] in ALARMING


def _start(data: bytes) -> int:
    """Return where the pickle begins: behind the header of an array of objects (NumPy's format, version 1 to 3)."""
    if not content.is_pickled_array(data):
        return 0
    wide = data[6] > 1
    return (12 if wide else 10) + int.from_bytes(data[8 : 12 if wide else 10], "little")


def _told(text: str) -> str:
    """Return a name that can be shown and recorded, whatever is in it."""
    return "".join(one if one.isprintable() else "?" for one in text.encode(errors="replace").decode())[:LONGEST_NAME]
