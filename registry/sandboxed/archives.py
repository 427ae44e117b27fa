"""Zip archives before anything in them is opened: members, sizes, names, and what they hold, told by bytes."""

import re
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from portal.core.sandbox.child import Refusal
from registry.rules.kinds import STORED
from registry.sandboxed import content

MEMBERS = 50_000
TOTAL_BYTES = 2 << 30
RATIO = 200
RATIO_FROM = 1 << 20
ARCHIVES = {"zip", "compressed", "sealed archive", "tar archive", "RAR archive"}
MARK_BYTES = 200
NAMED = 20
ENCRYPTED = 0x1
MAY_BE_PICKLED = frozenset({"zip", "mlflow"})
"""Kinds that may hold pickles where the team may have them; a skops file never."""
PICKLED_NAME = re.compile(r"\.(pkl|pickle|joblib|cloudpickle)$", re.IGNORECASE)
LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:|\\|\x00|(^|/)\.\.(/|$)")
MODEL_NAME = re.compile(r"\.(onnx|skops|lgb|txt|ubj|json|xgb|cbm|cb)$", re.IGNORECASE)
OPEN_DOCUMENT_SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"


@dataclass(frozen=True)
class Archive:
    """A zip archive that may be looked into; `kind` is skops, pt2, xlsx, ods, mlflow or zip."""

    kind: str
    names: tuple[str, ...]
    unpacked: int
    """Bytes of all members."""
    pickles: tuple[str, ...]
    """Members that are pickles; only where they may be."""


def survey(file: BinaryIO, *, pickles: bool = False) -> Archive:
    """Return what an archive is; raises Refusal for bombs, tricks with names, archives inside, and pickles.

    `pickles` lets those be in a zip or an MLflow model folder.
    """
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            return _surveyed(archive, MAY_BE_PICKLED if pickles else frozenset())
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, zlib.error):
        raise Refusal("The zip archive is broken.") from None


def _surveyed(archive: zipfile.ZipFile, pickled: frozenset[str]) -> Archive:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MEMBERS:
        raise Refusal(f"The archive has {len(entries)} members; {MEMBERS} are allowed.")
    if len(set(names)) != len(names):
        raise Refusal("The archive has two members of one name.")
    for entry in entries:
        _check_member(entry)
    kind, unpacked = _kind(archive, names), sum(entry.file_size for entry in entries)
    if unpacked > TOTAL_BYTES and kind not in STORED:
        raise Refusal(f"Unpacked, the archive would be larger than {TOTAL_BYTES >> 20} MiB.")
    pickles = _look_into(archive, entries, kind)
    if pickles and kind not in STORED | pickled:
        raise Refusal(_pickle_words(pickles, kind))
    return Archive(kind, tuple(names), unpacked, tuple(pickles))


def _check_member(entry: zipfile.ZipInfo) -> None:
    name = entry.filename[:100]
    if LEADS_OUT.search(entry.orig_filename) or LEADS_OUT.search(entry.filename):
        raise Refusal(f"The archive's member “{name}” has a name that leads out of its folder.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Refusal(f"The archive's member “{name}” is a link.")
    if entry.flag_bits & ENCRYPTED:
        raise Refusal(f"The archive's member “{name}” is encrypted.")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Refusal(f"The archive's member “{name}” is compressed in an unusual way.")
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO * max(1, entry.compress_size):
        raise Refusal(f"The archive's member “{name}” unpacks to more than {RATIO} times its size: refused as a bomb.")


def _kind(archive: zipfile.ZipFile, names: list[str]) -> str:
    known = set(names)
    if "schema.json" in known:
        return "skops"
    if "serialized_exported_program.json" in known:
        return "pt2"
    if "[Content_Types].xml" in known and known & {"xl/workbook.xml", "xl/workbook.bin"}:
        return "xlsx"
    if "mimetype" in known and _beginning(archive, "mimetype", MARK_BYTES).startswith(OPEN_DOCUMENT_SPREADSHEET):
        return "ods"
    if any(_beginning(archive, name, MARK_BYTES).strip() == b"pt2" for name in _called(names, "archive_format")):
        return "pt2"
    return "mlflow" if _called(names, "MLmodel") else "zip"


def _called(names: list[str], last: str) -> list[str]:
    return [name for name in names if name.rsplit("/", 1)[-1] == last]


def _look_into(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], kind: str) -> list[str]:
    """Return the members that are pickles by their bytes or their name; raises Refusal for an archive inside."""
    found = []
    for entry in entries:
        inside = content.classify(_beginning(archive, entry.filename, content.PEEK_BYTES)).kind
        if inside == "pickle" or PICKLED_NAME.search(entry.filename):
            found.append(entry.filename)
        elif inside in ARCHIVES and kind not in {*STORED, "skops"}:
            raise Refusal(
                f"The archive's member “{entry.filename[:100]}” is an archive itself. Send the file itself, unpacked."
            )
    return found


def members(file: BinaryIO, names: Sequence[str], count: int) -> Mapping[str, bytes]:
    """Return the first bytes of members, of all together at most `count`; raises Refusal where they can't be read."""
    found: dict[str, bytes] = {}
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            for name in names:
                found[name] = _beginning(archive, name, max(0, count - sum(map(len, found.values()))))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, zlib.error):
        raise Refusal("The zip archive is broken.") from None
    return found


def _beginning(archive: zipfile.ZipFile, name: str, count: int) -> bytes:
    with archive.open(name) as member:
        return member.read(count)


def _pickle_words(names: list[str], kind: str) -> str:
    what = "MLflow model folder" if kind == "mlflow" else "zip archive"
    told = ", ".join(name[:100] for name in names[:3])
    return (
        f"This {what} holds a pickle ({told}). Opening a pickle runs whatever code it carries, so it is never opened. "
        f"{content.SAVE_SAFELY} {content.ASK}"
    )


def not_a_model(archive: Archive) -> str:
    """Return why an archive that is sound is no model file, and what to do."""
    if archive.kind == "mlflow":
        inside = [name for name in archive.names if MODEL_NAME.search(name)]
        which = f" ({', '.join(inside)[:200]})" if inside else ""
        return f"This is an MLflow model folder. Send the model file in it by itself{which}."
    return "This is a zip archive, but not a skops model: it has no schema.json. Save it with skops.io.dump."
