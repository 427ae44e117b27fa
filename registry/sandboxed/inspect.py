"""Inspects one uploaded file in the cage: what it is, what it takes and gives, or why it is refused."""

import re
from typing import Any

from portal.core.sandbox.child import CagedTask, Refusal
from registry.sandboxed import content, skops_archive

LARGEST_LOCK = 8 << 20
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==([^\s;\\]+)")
MEDIA_TYPES = {
    "onnx": "application/vnd.onnx",
    "skops": "application/vnd.skops",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "environment lock": "text/plain",
}


def run(task: CagedTask) -> dict[str, Any]:
    """Inspect the input `file` for `role` (model, environment, dataset); a refusal is an answer, too."""
    head = bytes(task.map("file")[: content.HEAD_BYTES])
    found = content.classify(head)
    if found.refusal:
        return {"accepted": False, "reason": found.refusal, "detected": found.kind}
    try:
        kind, signature, details, notes = _INSPECTORS[task.request["role"]](task, found.kind)
    except Refusal as refusal:
        return {"accepted": False, "reason": str(refusal), "detected": found.kind}
    return {
        "accepted": True,
        "reason": "",
        "detected": kind,
        "media_type": MEDIA_TYPES[kind],
        "signature": signature,
        "details": details,
        "notes": notes,
    }


Inspected = tuple[str, dict[str, Any] | None, dict[str, Any], list[str]]


def _model(task: CagedTask, kind: str) -> Inspected:
    if kind == "zip":
        with task.open("file") as file:
            skops_archive.check(file)
            from registry.sandboxed import skops_files  # noqa: PLC0415 - seconds of import; refusals need not wait

            return "skops", *skops_files.inspect(file)
    if kind in {"binary", "text"}:
        from registry.sandboxed import onnx_files  # noqa: PLC0415

        if task.size("file") > onnx_files.LARGEST:
            raise Refusal(f"The model is larger than {onnx_files.LARGEST >> 20} MiB.")
        data = bytes(task.map("file"))
        model = onnx_files.parse(data)
        if model is not None:
            return "onnx", *onnx_files.inspect(model, data)
    raise Refusal(f"This is not a model that can be scored here (it looks like: {kind}). {content.SAVE_SAFELY}")


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
        "packages": {match[1]: match[3] for match in pins[:2_000]},
        "hashed": any("--hash=" in line for line in lines),
    }
    return "environment lock", None, details, [] if pins else ["No pinned packages (name==version) were recognised."]


_INSPECTORS = {"model": _model, "dataset": _dataset, "environment": _environment}
