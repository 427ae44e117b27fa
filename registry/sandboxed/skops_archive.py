"""skops archives before skops sees them: members, sizes, kinds of nodes and module roots, on the raw schema.

This neither imports skops, which takes seconds, nor relies on its audit, which runs afterwards.
"""

import json
import re
import zipfile
from typing import Any, BinaryIO

from portal.core.sandbox.child import Refusal

MEMBERS = 50_000
TOTAL_BYTES = 2 << 30
SCHEMA_BYTES = 64 << 20
RATIO = 200
RATIO_FROM = 1 << 20
MEMBER_NAME = re.compile(r"schema\.json|[0-9a-f-]{1,64}\.(npy|npz)")
ENCRYPTED = 0x1
PICKLED_MEMBER = re.compile(r"\.(pkl|pickle|joblib|pt|bin)$|(^|/)(data|constants)\.pkl$")

ROOTS = {"builtins", "numpy", "scipy", "sklearn", "collections"}
NODES = {
    "CachedNode",
    "DTypeNode",
    "DefaultDictNode",
    "DictNode",
    "FunctionNode",
    "JsonNode",
    "ListNode",
    "LossNode",
    "MaskedArrayNode",
    "NdArrayNode",
    "ObjectNode",
    "RandomGeneratorNode",
    "RandomStateNode",
    "SetNode",
    "SliceNode",
    "SparseMatrixNode",
    "TreeNode",
    "TupleNode",
    "TypeNode",
}


def check(file: BinaryIO) -> None:
    """Raise Refusal unless this is an archive that skops may have written, with nothing foreign in its schema."""
    if "schema.json" not in check_archive(file):
        raise Refusal(
            "This is a zip archive, but not a skops model: it has no schema.json. Save it with skops.io.dump."
        )
    try:
        check_schema(_schema(file))
    except RecursionError:
        raise Refusal("The skops schema is nested too deeply.") from None
    except (zipfile.BadZipFile, ValueError, EOFError):
        raise Refusal("The skops schema is broken.") from None


def check_archive(file: BinaryIO) -> list[str]:
    """Return the members' names; raises Refusal for bombs, foreign members and tricks with names."""
    file.seek(0)
    try:
        entries = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Refusal("The zip archive is broken.") from None
    names = [entry.filename for entry in entries]
    if any(PICKLED_MEMBER.search(name) for name in names):
        raise Refusal(
            "This zip archive holds a pickle (as PyTorch saves one). Opening a pickle runs whatever code it carries, "
            "so it is never opened. Export the model to ONNX, or save it with skops.io.dump."
        )
    if len(entries) > MEMBERS:
        raise Refusal(f"The archive has {len(entries)} members; {MEMBERS} are allowed.")
    if sum(entry.file_size for entry in entries) > TOTAL_BYTES:
        raise Refusal(f"Unpacked, the archive would be larger than {TOTAL_BYTES >> 20} MiB.")
    if len(set(names)) != len(names):
        raise Refusal("The archive has two members of one name.")
    for entry in entries:
        _check_member(entry, is_skops="schema.json" in names)
    return names


def _check_member(entry: zipfile.ZipInfo, *, is_skops: bool) -> None:
    name = entry.filename[:100]
    if entry.flag_bits & ENCRYPTED:
        raise Refusal(f"The archive's member “{name}” is encrypted.")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Refusal(f"The archive's member “{name}” is compressed in an unusual way.")
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO * max(1, entry.compress_size):
        raise Refusal(f"The archive's member “{name}” unpacks to more than {RATIO} times its size: refused as a bomb.")
    if is_skops and not MEMBER_NAME.fullmatch(entry.filename):
        raise Refusal(f"The skops file carries a member that skops does not write: “{name}”.")


def _schema(file: BinaryIO) -> dict[str, Any]:
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        if archive.getinfo("schema.json").file_size > SCHEMA_BYTES:
            raise Refusal(f"The skops schema is larger than {SCHEMA_BYTES >> 20} MiB.")
        schema = json.loads(archive.read("schema.json"))
    if not isinstance(schema, dict):
        raise Refusal("The skops schema is not an object.")
    return schema


def check_schema(schema: dict[str, Any]) -> None:
    """Walk the raw schema; raises Refusal for a kind of node or a module root that is not on our lists."""
    waiting: list[Any] = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        if not isinstance(value, dict):
            continue
        if "__loader__" in value:
            loader, module = str(value["__loader__"]), str(value.get("__module__"))
            if loader not in NODES:
                raise Refusal(untrusted([f"{module}.{value.get('__class__')} by {loader}"]))
            if loader != "JsonNode" and module.split(".", maxsplit=1)[0] not in ROOTS:
                raise Refusal(untrusted([f"{module}.{value.get('__class__')}"]))
        waiting.extend(value.values())


def untrusted(types: list[str]) -> str:
    """Return the words with which types that are not allowed are refused."""
    return (
        f"The skops file asks for types that are not allowed: {', '.join(types)[:400]}. "
        "Use scikit-learn's own estimators, or export the model to ONNX."
    )
