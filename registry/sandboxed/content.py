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
ENOUGH_OPCODES = 20
"""So many in a row are no accident."""
IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*")

SAVE_SAFELY = "Save the model with skops (skops.io.dump) or export it to ONNX."
ASK = "An administrator can let a team keep a model as a pickle for a time; nothing here would open or score it."
PICKLE_WORDS = (
    f"This is a Python pickle. Opening one runs whatever code it carries, so it is never opened. {SAVE_SAFELY} {ASK}"
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
UNPACKED_HERE = {"gzip", "bzip2", "xz", "lzma", "zlib"}
"""What is looked into for a pickle, as far as its beginning."""
FOREIGN = (
    (b"\x89HDF\r\n\x1a\n", "HDF5 file (Keras or PyTables)", f"It can't be scored here. {SAVE_SAFELY}"),
    (b"\x93NUMPY", "NumPy array", "It is not a model. Send the model itself, as skops or ONNX."),
    (b"\x7fELF", "program", "Programs are never run here."),
    (b"MZ", "program", "Programs are never run here."),
    (b"#!", "script", "Scripts are never run here."),
    (b"Rar!", "RAR archive", "Send the file itself."),
    (b"Obj\x01", "Avro file", "Save it as Parquet."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file of old Office", "Save a spreadsheet as xlsx or ods."),
    (b"binf", "binary XGBoost file of former versions", "Save it anew with save_model under a name ending in .ubj."),
    (b"ORC", "ORC file", "Save it as Parquet."),
    (b"PARE", "encrypted Parquet file", "Encrypted columns can't be read here. Save it without encryption."),
)
NATIVE = (
    (re.compile(rb"\s*tree\r?\nversion=v\d"), "lightgbm"),
    (re.compile(rb"\{[iUIlL][\x00-\x07]*(learner|version|Config)[\[{]"), "xgboost"),
    (re.compile(rb'\s*\{\s*"(learner|version|Config)"\s*:\s*[\[{]'), "xgboost"),
    (re.compile(rb"CBM1"), "catboost"),
)
"""How the files of libraries for boosted trees begin; XGBoost writes UBJSON or JSON."""


ARROW_MESSAGE = b"\xff\xff\xff\xff"
"""How each message of an Arrow stream begins; its length follows."""
LARGEST_SCHEMA = 1 << 26


def classify(head: bytes) -> Content:
    """Return what begins like this; give it the first HEAD_BYTES of the file."""
    if not head:
        return Content("empty", "The file is empty.")
    return _dangerous(head) or _foreign(head) or _readable(head)


def _dangerous(head: bytes) -> Content | None:
    if is_pickle(head) or is_pickled_array(head):
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
    if head.startswith(b"ARROW1\0\0"):
        return Content("arrow")
    if head.startswith(ARROW_MESSAGE) and 0 < int.from_bytes(head[4:8], "little") <= LARGEST_SCHEMA:
        return Content("arrow stream")
    for pattern, kind in NATIVE:
        if pattern.match(head):
            return Content(kind)
    return Content("text" if is_text(head) else "binary")


def is_pickle(head: bytes) -> bool:
    """Tell whether Python would unpickle this: a protocol mark, or opcodes that name something and reach their end.

    Of a longer file whose beginning this is, the end may not be here: many opcodes up to the cut are enough.
    """
    if len(head) > 1 and head[0] == 0x80 and head[1] in PICKLE_PROTOCOLS:  # noqa: PLR2004
        return True
    runs, seen, stream = False, 0, BytesIO(head)
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name in {"GLOBAL", "INST"}:
                names = str(argument).split(" ")
                if not all(IDENTIFIER.fullmatch(name) for name in names):
                    return False
            runs, seen = runs or opcode.name in RUNS_CODE, seen + 1
    except (ValueError, UnicodeError, OverflowError, IndexError):
        return runs and seen >= ENOUGH_OPCODES and len(head) in {PEEK_BYTES, HEAD_BYTES} and stream.tell() == len(head)
    return runs


def is_pickled_array(head: bytes) -> bool:
    """Tell whether this is a NumPy array of Python objects, which is a pickle behind a header."""
    return head.startswith(b"\x93NUMPY") and b"'descr': '|O'" in head[:256]


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
    if is_pickle(inside) or is_pickled_array(inside):
        return Content("pickle", f"A {name} file that holds a pickle. {PICKLE_WORDS}")
    kind = "compressed" if name in UNPACKED_HERE and not _is_archive(inside) else "sealed archive"
    return Content(
        kind, f"This is a {name}-compressed file. Models are often pickled that way (joblib). Send it unpacked."
    )


def _is_archive(head: bytes) -> bool:
    magics = (b"PK\x03\x04", *(magic for magic, name in COMPRESSED if name in UNPACKED_HERE))
    return not head or head.startswith(magics) or head[257:262] == b"ustar" or bool(_inflate(head))


def unpacked(data: bytes, count: int) -> tuple[str, bytes]:
    """Return by what a file is compressed ("": by nothing), and at most its first `count` bytes without that."""
    for magic, name in COMPRESSED:
        if data.startswith(magic):
            return name, _peek(name, data, count)
    inside = _inflate(data, count)
    return ("zlib", inside) if inside else ("", data[:count])


def _peek(name: str, head: bytes, count: int = PEEK_BYTES) -> bytes:
    """Return the first unpacked bytes, at most `count`; none when the format is unknown or broken."""
    try:
        if name == "gzip":
            return zlib.decompressobj(wbits=31).decompress(head, count)
        if name == "bzip2":
            return bz2.BZ2Decompressor().decompress(head, count)
        if name in {"xz", "lzma"}:
            return lzma.LZMADecompressor().decompress(head, count)
    except (zlib.error, OSError, lzma.LZMAError):
        return b""
    return _inflate(head, count) if name == "zlib" else b""


def _inflate(head: bytes, count: int = PEEK_BYTES) -> bytes:
    if len(head) < 2 or head[0] & 0x0F != 8 or int.from_bytes(head[:2], "big") % 31:  # noqa: PLR2004 - RFC 1950
        return b""
    try:
        return zlib.decompressobj().decompress(head, count)
    except zlib.error:
        return b""
