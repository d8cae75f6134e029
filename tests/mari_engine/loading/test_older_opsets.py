"""Models of opsets 7 to 10 are converted when they are loaded; what they compute stays."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mari_engine import load, optimize
from mari_engine.errors import ModelError
from support.rewrite_checks import data_of, requests, roles, run, session, wrong_rewrites

LABELS = roles(u="user", i="item")
RNG = np.random.default_rng(0)
GIVEN = requests((1, 2, 5), u="user N, 6", i="item N, 4", whole=False)


def old_model(nodes: list[onnx.NodeProto], width: int, opset: int = 9, ir: int = 4) -> bytes:
    """Return a model that joins u and i as c; its nodes make z `[N, width]` of it."""
    weight = RNG.standard_normal((width, 2)).astype(np.float32)
    number = np.array([0.25], np.float32)
    graph = helper.make_graph(
        [helper.make_node("Concat", ["u", "i"], ["c"], axis=1, name="join"), *nodes,
         helper.make_node("MatMul", ["z", "W"], ["y"], name="product")],
        "old",
        [helper.make_tensor_value_info("u", TensorProto.FLOAT, ["N", 6]),
         helper.make_tensor_value_info("i", TensorProto.FLOAT, ["N", 4]),],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
        [numpy_helper.from_array(weight, "W"), numpy_helper.from_array(number, "k")],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", opset)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=ir).SerializeToString())


def node(op: str, inputs: str, outputs: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), outputs.split(), name=f"/{op}", **attributes)


def near(left: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.allclose(left, right, rtol=1e-5, atol=1e-6))


OLD = {
    "Slice by attributes": ([node("Slice", "c", "z", axes=[1], starts=[1], ends=[9])], 8),
    "Dropout": ([node("Dropout", "c", "z", ratio=0.3)], 10),
    "Clip by attributes": ([node("Clip", "c", "z", min=-0.5, max=0.5)], 10),
    "Pad by attributes": ([node("Pad", "c", "z", pads=[0, 1, 0, 1], value=0.5)], 12),
    "TopK by attributes": ([node("TopK", "c", "z places", axis=1, k=3)], 3),
    "Softmax": ([node("Softmax", "c", "z", axis=1)], 10),
    "Mul": ([node("Abs", "c", "v"), node("Mul", "v k", "z")], 10),
}  # fmt: skip


@pytest.mark.parametrize("opset", [7, 9])
@pytest.mark.parametrize("name", OLD)
def test_a_model_of_an_older_opset_computes_what_it_did(name: str, opset: int) -> None:
    nodes, width = OLD[name]
    data = old_model(nodes, width, opset)
    assert wrong_rewrites(data, LABELS, GIVEN, near) == []
    assert load(data).opset == 11


@pytest.mark.parametrize("ir", [3, 4])
def test_weights_need_be_no_inputs_whatever_the_version_of_the_file(ir: int) -> None:
    """IR 3 asks for them among the inputs, and onnxruntime runs the model without."""
    data = old_model([node("Abs", "c", "v"), node("Mul", "v k", "z")], 10, opset=8, ir=ir)
    assert wrong_rewrites(data, LABELS, GIVEN, near) == []


def test_an_upsample_passes_the_check() -> None:
    scales = helper.make_node(
        "Constant", [], ["s"], value=numpy_helper.from_array(np.array([1, 1, 2], np.float32))
    )
    nodes = [
        scales,
        node("Unsqueeze", "c", "d", axes=[1]),
        node("Upsample", "d s", "e", mode="nearest"),
        node("Squeeze", "e", "z", axes=[1]),
    ]
    result = optimize(load(old_model(nodes, 20)), LABELS, autotune=False)
    assert result.certificate.passed


def test_bodies_are_converted_and_names_stay() -> None:
    bodies = {
        name: helper.make_graph(
            [helper.make_node("Slice", ["c"], [name], axes=[1], starts=[at], ends=[at + 3])],
            name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
        )
        for at, name in enumerate(("then_branch", "else_branch"))
    }  # fmt: skip
    nodes = [
        node("ReduceSum", "u", "total", keepdims=0),
        node("Less", "total k0", "low"),
        node("If", "low", "z", **bodies),
    ]
    zero = helper.make_node(
        "Constant", [], ["k0"], value=numpy_helper.from_array(np.array(0, np.float32))
    )
    data = old_model([zero, *nodes], 3)
    model = load(data)
    assert {"join", "product", "/If"} <= {each.name for each in model.ir.graph}
    (before,) = run(session(data), GIVEN[2]).values()
    (after,) = run(session(data_of(model)), GIVEN[2]).values()
    assert np.array_equal(before, after)


def test_what_cannot_be_converted_is_refused_with_a_remedy() -> None:
    upsample = [
        node("Unsqueeze", "c", "d", axes=[1]),
        node("Upsample", "d", "e", mode="nearest", scales=[1.0, 1.0, 2.0]),
        node("Squeeze", "e", "z", axes=[1]),
    ]
    with pytest.raises(ModelError, match="export with opset 11 or later"):
        load(old_model([*upsample, node("Scan", "c", "w")], 20, opset=8))
