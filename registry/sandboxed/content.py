"""What a file is, told by its bytes and never by its name. Nothing is loaded or unpacked to disk here."""

import bz2
import lzma
import pickletools
import re
import zlib
from dataclasses import dataclass
from io import BytesIO

HEAD_BYTES = 1 << 20
PEEK_BYTES = 1 << 16
PICKLE_PROTOCOLS = range(2, 6)
RUNS_CODE = {"GLOBAL", "STACK_GLOBAL", "REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"}
IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*")

SAVE_SAFELY = "Save the model with skops (skops.io.dump) or export it to ONNX."
PICKLE_WORDS = (
    f"This is a Python pickle. Opening one runs whatever code it carries, so it is never opened. {SAVE_SAFELY}"
)


@dataclass(frozen=True)
class Content:
    """A kind of file; `refusal` says why such a file is refused for every role, in words."""

    kind: str
    refusal: str = ""


COMPRESSED = (
    (b"\x1f\x8b", "gzip"),
    (b"\x1f\x9d", "compress"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x5d\x00\x00", "lzma"),
    (b"\x04\x22\x4d\x18", "LZ4"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"ZF", "old joblib"),
)
FOREIGN = (
    (b"\x89HDF\r\n\x1a\n", "HDF5 file (Keras or PyTables)", f"It can't be scored here. {SAVE_SAFELY}"),
    (b"\x93NUMPY", "NumPy array", "It is not a model. Send the model itself, as skops or ONNX."),
    (b"\x7fELF", "program", "Programs are never run here."),
    (b"MZ", "program", "Programs are never run here."),
    (b"#!", "script", "Scripts are never run here."),
    (b"Rar!", "RAR archive", "Send the file itself."),
    (b"ARROW1", "Arrow IPC file", "Save it as Parquet."),
    (b"Obj\x01", "Avro file", "Save it as Parquet."),
    (b"ORC", "ORC file", "Save it as Parquet."),
    (b"PARE", "encrypted Parquet file", "Encrypted columns can't be read here. Save it without encryption."),
)


def classify(head: bytes) -> Content:
    """Return what begins like this; give it the first HEAD_BYTES of the file."""
    if not head:
        return Content("empty", "The file is empty.")
    return _dangerous(head) or _foreign(head) or _readable(head)


def _dangerous(head: bytes) -> Content | None:
    if is_pickle(head):
        return Content("pickle", PICKLE_WORDS)
    for magic, name in COMPRESSED:
        if head.startswith(magic):
            return _compressed(name, head)
    return _compressed("zlib", head) if _inflate(head) else None


def _foreign(head: bytes) -> Content | None:
    for magic, name, advice in FOREIGN:
        if head.startswith(magic):
            return Content(name, f"This is a {name}. {advice}")
    if head[257:262] == b"ustar":
        return Content("tar archive", "This is a tar archive. Send the file itself.")
    return None


def _readable(head: bytes) -> Content:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Content("zip")
    if head.startswith(b"PAR1"):
        return Content("parquet")
    return Content("text" if is_text(head) else "binary")


def is_pickle(head: bytes) -> bool:
    """Tell whether Python would unpickle this: a protocol mark, or opcodes that name something and reach their end."""
    if len(head) > 1 and head[0] == 0x80 and head[1] in PICKLE_PROTOCOLS:  # noqa: PLR2004
        return True
    runs = False
    try:
        for opcode, argument, _ in pickletools.genops(BytesIO(head)):
            if opcode.name in {"GLOBAL", "INST"}:
                names = str(argument).split(" ")
                if not all(IDENTIFIER.fullmatch(name) for name in names):
                    return False
            runs = runs or opcode.name in RUNS_CODE
    except (ValueError, UnicodeError, OverflowError, IndexError):
        return False
    return runs


def is_text(head: bytes) -> bool:
    """Tell whether this is UTF-8 text without control characters, apart from a character cut at the end."""
    if any(byte < 0x20 and byte not in b"\t\n\r\x0c" for byte in head[:PEEK_BYTES]):  # noqa: PLR2004
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) >= HEAD_BYTES
    return True


def _compressed(name: str, head: bytes) -> Content:
    inside = _peek(name, head)
    if is_pickle(inside):
        return Content("pickle", f"A {name} file that holds a pickle. {PICKLE_WORDS}")
    return Content(
        "compressed", f"This is a {name}-compressed file. Models are often pickled that way (joblib). Send it unpacked."
    )


def _peek(name: str, head: bytes) -> bytes:
    """Return the first unpacked bytes, at most PEEK_BYTES; none when the format is unknown or broken."""
    try:
        if name == "gzip":
            return zlib.decompressobj(wbits=31).decompress(head, PEEK_BYTES)
        if name == "bzip2":
            return bz2.BZ2Decompressor().decompress(head, PEEK_BYTES)
        if name in {"xz", "lzma"}:
            return lzma.LZMADecompressor().decompress(head, PEEK_BYTES)
    except (zlib.error, OSError, lzma.LZMAError):
        return b""
    return _inflate(head) if name == "zlib" else b""


def _inflate(head: bytes) -> bytes:
    if len(head) < 2 or head[0] & 0x0F != 8 or int.from_bytes(head[:2], "big") % 31:  # noqa: PLR2004 - RFC 1950
        return b""
    try:
        return zlib.decompressobj().decompress(head, PEEK_BYTES)
    except zlib.error:
        return b""
