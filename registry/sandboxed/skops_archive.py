"""skops archives before skops sees them: members, kinds of nodes and module roots, on the raw schema.

This neither imports skops, which takes seconds, nor relies on its audit, which runs afterwards.
"""

import json
import re
import zipfile
from typing import Any, BinaryIO

from portal.core.sandbox.child import Refusal
from registry.sandboxed import archives

SCHEMA_BYTES = 64 << 20
MEMBER_NAME = re.compile(r"schema\.json|[0-9a-f-]{1,64}\.(npy|npz)")

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
    archive = archives.survey(file)
    if archive.kind != "skops":
        raise Refusal(archives.not_a_model(archive))
    for name in archive.names:
        if not MEMBER_NAME.fullmatch(name):
            raise Refusal(f"The skops file carries a member that skops does not write: “{name[:100]}”.")
    try:
        check_schema(_schema(file))
    except RecursionError:
        raise Refusal("The skops schema is nested too deeply.") from None
    except (zipfile.BadZipFile, ValueError, EOFError):
        raise Refusal("The skops schema is broken.") from None


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
