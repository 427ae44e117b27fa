import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from portal.core.sandbox.child import Refusal
from registry.sandboxed import onnx_files
from registry.sandboxed.onnx_files import inspect, parse, type_of
from tests.factories.registry_files import onnx_model


def inspected(model: "onnx.ModelProto") -> None:
    inspect(model, model.SerializeToString())


def test_a_sound_model_is_described() -> None:
    model = parse(onnx_model())
    assert model is not None
    signature, details, notes = inspect(model, onnx_model())
    assert signature == {
        "inputs": [{"name": "x", "type": "tensor(float)", "shape": [None, 2]}],
        "outputs": [{"name": "y", "type": "tensor(float)", "shape": [None, 1]}],
    }
    assert (details["operators"], details["domains"], notes) == ({"MatMul": 1}, ["ai.onnx"], [])


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_other_bytes_are_no_model(data: bytes) -> None:
    assert parse(data) is None


def test_operators_of_another_library_are_refused() -> None:
    model = parse(onnx_model("evil.corp"))
    assert model is not None
    with pytest.raises(Refusal, match=r"does not have: evil\.corp"):
        inspected(model)


def test_data_in_another_file_is_refused_wherever_it_hides() -> None:
    tensor = helper.make_tensor("hidden", TensorProto.FLOAT, [1], [1.0])
    tensor.data_location = TensorProto.EXTERNAL
    inner = helper.make_graph([helper.make_node("Constant", [], ["c"], value=tensor)], "inner", [], [])
    model = parse(onnx_model())
    assert model is not None
    model.graph.node.append(helper.make_node("If", ["x"], ["z"], then_branch=inner, else_branch=inner))
    with pytest.raises(Refusal, match="another file"):
        inspected(model)


def test_what_the_checker_refuses_is_refused() -> None:
    model = parse(onnx_model())
    assert model is not None
    model.graph.node[0].input[1] = "nowhere"
    with pytest.raises(Refusal, match="checker refuses"):
        inspected(model)


def test_too_large_a_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_files, "LARGEST", 10)
    model = parse(onnx_model())
    assert model is not None
    with pytest.raises(Refusal, match="larger than"):
        inspected(model)


def test_types_are_named_as_onnxruntime_names_them() -> None:
    tensor = helper.make_tensor_type_proto(TensorProto.INT64, ["rows", 3, None])
    assert type_of(tensor) == ("tensor(int64)", ["rows", 3, None])
    mapped = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    assert type_of(helper.make_sequence_type_proto(mapped)) == ("seq(map(string,tensor(float)))", None)
    assert type_of(helper.make_optional_type_proto(tensor))[0] == "optional(tensor(int64))"
    assert type_of(onnx.TypeProto()) == ("unknown", None)
