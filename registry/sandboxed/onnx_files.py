"""ONNX models: checked for form, for parts kept elsewhere, for operators this portal can run; never executed here."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import onnx
import onnxruntime
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from portal.core.sandbox.child import Refusal

LARGEST = 1 << 30  # bytes; a protobuf ends at 2 GiB
DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
"""Operators that onnxruntime brings itself; any other domain would need a library of the submitter."""
LONGEST_LIST = 200
WORDS = 400


def parse(data: bytes) -> "onnx.ModelProto | None":
    """Return the model in these bytes, or None when they are not an ONNX model."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        return None
    if model.ir_version <= 0 or not model.opset_import or not model.HasField("graph") or not model.graph.node:
        return None
    return model


def inspect(model: "onnx.ModelProto", data: bytes) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Return (signature, details, notes) of a sound model; raises Refusal with what is wrong with it."""
    if len(data) > LARGEST:
        raise Refusal(f"The ONNX model is larger than {LARGEST >> 20} MiB.")
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise Refusal(
                f"The ONNX model keeps the data of “{tensor.name[:100]}” in another file. "
                "Save it in one file (onnx.save_model with save_as_external_data=False)."
            )
    operators, domains = _operators(model)
    strange = sorted(domains - DOMAINS - {function.domain for function in model.functions})
    if strange:
        raise Refusal(f"The ONNX model uses operators that this portal does not have: {', '.join(strange)[:WORDS]}.")
    try:
        onnx.checker.check_model(data, full_check=False)
    except (onnx.checker.ValidationError, ValueError) as error:
        raise Refusal(f"The ONNX checker refuses the model: {_one_line(error)}") from None
    _load(data)
    initialised = {tensor.name for tensor in model.graph.initializer}
    signature = {
        "inputs": [_described(value) for value in model.graph.input if value.name not in initialised],
        "outputs": [_described(value) for value in model.graph.output],
    }
    details = {
        "ir_version": model.ir_version,
        "producer": f"{model.producer_name} {model.producer_version}".strip()[:100],
        "opsets": {entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        "operators": dict(operators.most_common(LONGEST_LIST)),
        "domains": sorted(domain or "ai.onnx" for domain in domains),
    }
    return signature, details, []


def _load(data: bytes) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except (RuntimeError, ValueError, NotImplementedError) as error:
        raise Refusal(f"onnxruntime can't load the model: {_one_line(error)}") from None
    except Exception as error:
        # onnxruntime's own errors derive from Exception alone.
        if type(error).__module__.startswith("onnxruntime"):
            raise Refusal(f"onnxruntime can't load the model: {_one_line(error)}") from None
        raise


def _graphs(model: "onnx.ModelProto") -> Iterator[Any]:
    """Yield every graph and function body, also those inside attributes."""
    waiting: list[Any] = [model.graph, *model.functions]
    while waiting:
        graph = waiting.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                waiting.extend(attribute.graphs)
                if attribute.HasField("g"):
                    waiting.append(attribute.g)


def _tensors(model: "onnx.ModelProto") -> Iterator["onnx.TensorProto"]:
    for graph in _graphs(model):
        yield from getattr(graph, "initializer", ())
        sparse = list(getattr(graph, "sparse_initializer", ()))
        for node in graph.node:
            for attribute in node.attribute:
                yield from attribute.tensors
                sparse.extend(attribute.sparse_tensors)
                if attribute.HasField("t"):
                    yield attribute.t
                if attribute.HasField("sparse_tensor"):
                    sparse.append(attribute.sparse_tensor)
        for tensor in sparse:
            yield tensor.values
            yield tensor.indices


def _operators(model: "onnx.ModelProto") -> tuple[Counter[str], set[str]]:
    operators: Counter[str] = Counter()
    domains: set[str] = {entry.domain for entry in model.opset_import}
    for graph in _graphs(model):
        for node in graph.node:
            operators[f"{node.domain}.{node.op_type}" if node.domain else node.op_type] += 1
            domains.add(node.domain)
    return operators, domains


def _described(value: "onnx.ValueInfoProto") -> dict[str, Any]:
    name, shape = type_of(value.type)
    return {"name": value.name, "type": name, "shape": shape}


def type_of(kind: "onnx.TypeProto") -> tuple[str, list[int | str | None] | None]:
    """Return onnxruntime's name of a type, as `tensor(float)`, and its shape; None for an unknown length."""
    which = kind.WhichOneof("value")
    if which == "tensor_type":
        name = f"tensor({_element(kind.tensor_type.elem_type)})"
        if not kind.tensor_type.HasField("shape"):
            return name, None
        return name, [_length(dimension) for dimension in kind.tensor_type.shape.dim]
    if which == "sequence_type":
        return f"seq({type_of(kind.sequence_type.elem_type)[0]})", None
    if which == "map_type":
        return f"map({_element(kind.map_type.key_type)},{type_of(kind.map_type.value_type)[0]})", None
    if which == "optional_type":
        return f"optional({type_of(kind.optional_type.elem_type)[0]})", None
    return which or "unknown", None


def _length(dimension: Any) -> int | str | None:
    which = dimension.WhichOneof("value")
    return getattr(dimension, which) if which else None


def _element(number: int) -> str:
    return str(onnx.TensorProto.DataType.Name(number)).lower()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:WORDS]
