"""Inspects one uploaded file in the cage: what it is, what it takes and gives, or why it is refused."""

import re
from collections.abc import Mapping
from typing import Any

from portal.core.sandbox.child import CagedTask, Refusal
from registry.rules import kinds, model_signing
from registry.rules.kinds import MOST_PACKAGES
from registry.sandboxed import archives, content, pickles

LARGEST_LOCK = 8 << 20
NEVER_KEPT = {"pickle", "empty", "sealed archive", "tar archive", "RAR archive"}
"""Refused even in the role other, whose files are kept unopened: pickles, and what may hide one."""
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==([^\s;\\]+)")


def run(task: CagedTask) -> dict[str, Any]:
    """Inspect the input `file` for `role` (model, signature, environment, dataset, other); a refusal is an answer."""
    head = bytes(task.map("file")[: content.HEAD_BYTES])
    found = content.classify(head)
    if found.refusal and not _may_stay(task, found.kind):
        return {"accepted": False, "reason": found.refusal, "detected": found.kind}
    try:
        kind, signature, details, notes = _INSPECTORS[task.request["role"]](task, found.kind)
    except Refusal as refusal:
        return {"accepted": False, "reason": str(refusal), "detected": found.kind}
    return {
        "accepted": True,
        "reason": "",
        "detected": kind,
        "media_type": kinds.MEDIA_TYPES[kind],
        "signature": signature,
        "details": details,
        "notes": notes,
    }


def _may_stay(task: CagedTask, kind: str) -> bool:
    """Tell whether a kind that is refused elsewhere may be kept in this role."""
    role = task.request["role"]
    if kind == "pickle":
        return role == "model" and task.request.get("pickles") is True
    return role == "other" and kind not in NEVER_KEPT


Inspected = tuple[str, dict[str, Any] | None, dict[str, Any], list[str]]


def _model(task: CagedTask, kind: str) -> Inspected:
    if kind == "zip":
        return _archived_model(task)
    if kind == "pickle":
        return _pickled("", {"the file": bytes(task.map("file")[: pickles.LISTED_BYTES])}, 1)
    if kind in {"lightgbm", "xgboost", "catboost"}:
        from registry.sandboxed import boosted, native  # noqa: PLC0415 - seconds of import; refusals need not wait

        return kind, *boosted.describe(native.LOADERS[kind](boosted.read(task, "file")))
    if kind in {"binary", "text"}:
        from registry.sandboxed import onnx_files  # noqa: PLC0415

        if task.size("file") > onnx_files.LARGEST:
            raise Refusal(f"The model is larger than {onnx_files.LARGEST >> 20} MiB.")
        data = bytes(task.map("file"))
        model = onnx_files.parse(data)
        if model is not None:
            return "onnx", *onnx_files.inspect(model, data)
    raise Refusal(f"This is not a model that can be scored here (it looks like: {kind}). {content.SAVE_SAFELY}")


def _archived_model(task: CagedTask) -> Inspected:
    with task.open("file") as file:
        archive = archives.survey(file, pickles=task.request.get("pickles") is True)
        if archive.pickles and archive.kind in archives.MAY_BE_PICKLED:
            members = archives.members(file, archive.pickles[: archives.NAMED], pickles.LISTED_BYTES)
            return _pickled(archive.kind, members, len(archive.pickles))
        if archive.kind in kinds.STORED:
            return archive.kind, None, {"members": len(archive.names), "unpacked": archive.unpacked}, _warnings(archive)
        if archive.kind != "skops":
            raise Refusal(archives.not_a_model(archive))
        from registry.sandboxed import skops_archive  # noqa: PLC0415

        skops_archive.check(file)
        from registry.sandboxed import skops_files  # noqa: PLC0415

        return "skops", *skops_files.inspect(file)


def _pickled(container: str, files: Mapping[str, bytes], count: int) -> Inspected:
    """Describe pickles by their opcodes; nothing in them is opened."""
    found = [pickles.listing(name, data).as_dict() for name, data in files.items()]
    told = [
        "It is stored and never opened here: its opcodes were listed in the cage, and nothing in it was run.",
        "It can't be recomputed here: hand in the model as skops or ONNX for that.",
    ]
    return "pickle", None, {"container": container, "pickles": found, "count": count}, told


def _warnings(archive: archives.Archive) -> list[str]:
    """Return what a person should know of a file that is stored and never opened."""
    told = ["It is stored and never opened here: no inputs are read from it, and nothing scores it."]
    if archive.pickles:
        names = ", ".join(archive.pickles[: archives.NAMED])
        told.append(
            f"It holds {len(archive.pickles)} pickle(s) ({names}): whoever opens it runs what they carry."[:400]
        )
    if any(name.lower().endswith("vbaproject.bin") for name in archive.names):
        told.append("It holds macros: whoever opens it may run them.")
    return told


def _other(task: CagedTask, kind: str) -> Inspected:
    if kind == "zip":
        with task.open("file") as file:
            archives.survey(file)
    return "other", None, {"looks_like": kind}, []


def _dataset(task: CagedTask, kind: str) -> Inspected:
    from registry.sandboxed import tables  # noqa: PLC0415

    del kind
    table = tables.TableFile(task, "file")
    notes = ["The table has no rows."] if table.rows == 0 else []
    return table.kind, None, tables.describe(table, task.request.get("time_column")), notes


def _environment(task: CagedTask, kind: str) -> Inspected:
    if kind != "text":
        raise Refusal("An environment lock is a text file, such as the output of pip freeze or uv pip compile.")
    if task.size("file") > LARGEST_LOCK:
        raise Refusal(f"The environment lock is larger than {LARGEST_LOCK >> 20} MiB.")
    try:
        lines = bytes(task.map("file")).decode().splitlines()
    except UnicodeDecodeError:
        raise Refusal("The environment lock is not UTF-8 text.") from None
    pins = [match for line in lines if (match := PIN.match(line.strip()))]
    details = {
        "lines": len(lines),
        "packages": {match[1]: match[3] for match in pins[:MOST_PACKAGES]},
        "hashed": any("--hash=" in line for line in lines),
    }
    return "environment lock", None, details, [] if pins else ["No pinned packages (name==version) were recognised."]


def _signature(task: CagedTask, kind: str) -> Inspected:
    if kind != "text" or task.size("file") > model_signing.LARGEST:
        raise Refusal("A signature is a model.sig as model_signing writes it: a sigstore bundle of at most 256 KiB.")
    text = bytes(task.map("file"))
    try:
        model_signing.read(text)
    except model_signing.NotASignature as refused:
        raise Refusal(f"The signature can't be read. {refused}") from None
    return "signature", None, {"bundle": text.decode()}, []


_INSPECTORS = {
    "model": _model,
    "dataset": _dataset,
    "environment": _environment,
    "other": _other,
    "signature": _signature,
}
