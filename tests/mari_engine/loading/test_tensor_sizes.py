"""Tensors that do not hold what their extents ask for are refused when a model is loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from mari_engine import ModelError, load
from support.builders import build_proto


def made() -> onnx.ModelProto:
    return build_proto(
        "y = MatMul (x, W)", inputs="float[N, 2] x", outputs="float[N, 2] y",
        weights={"W": np.eye(2, dtype=np.float32)},
    )  # fmt: skip


def shorten(tensor: onnx.TensorProto) -> None:
    tensor.raw_data = b"abc"


def negate(tensor: onnx.TensorProto) -> None:
    tensor.dims[:] = [-2, -2]


def enlarge(tensor: onnx.TensorProto) -> None:
    tensor.dims[:] = [2**40, 2**40]


def forget(tensor: onnx.TensorProto) -> None:
    tensor.data_type = 0


def unpack(tensor: onnx.TensorProto) -> None:
    tensor.ClearField("raw_data")
    tensor.float_data.extend([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (shorten, "holds 3 bytes, and its extents ask for 16"),
        (negate, r"has extents below zero \(\[-2, -2\]\)"),
        (enlarge, "holds 16 bytes"),
        (forget, "has no type"),
        (unpack, "holds 3 elements, and its extents ask for 4"),
    ],
)
def test_a_tensor_that_does_not_hold_what_it_states(
    spoil: Callable[[onnx.TensorProto], None], reason: str
) -> None:
    proto = made()
    spoil(proto.graph.initializer[0])
    with pytest.raises(ModelError, match=f"m: tensor 'W' {reason}"):
        load(proto.SerializeToString(), name="m")


def test_tensors_of_attributes_are_asked_too() -> None:
    proto = made()
    value = helper.make_tensor("", onnx.TensorProto.FLOAT, [2], [1.0, 2.0])
    value.dims[:] = [3]
    proto.graph.node.insert(0, helper.make_node("Constant", [], ["z"], value=value))
    with pytest.raises(ModelError, match=r"float_data size \(2\)|'of an attribute' holds 2"):
        load(proto.SerializeToString(), name="m")


def test_all_spellings_of_elements_are_taken() -> None:
    proto = made()
    kinds: list[tuple[int, list[Any]]] = [
        (10, [1.0, 2.0]), (16, [1.0]), (9, [True]), (2, [3, 4]), (12, [5]), (22, [1, 2, 3]),
        (8, ["a"]),
    ]  # fmt: skip
    for at, (kind, numbers) in enumerate(kinds):
        held = helper.make_tensor(f"t{at}", kind, [len(numbers)], numbers)
        proto.graph.initializer.append(held)
        proto.graph.node.append(helper.make_node("Identity", [f"t{at}"], [f"i{at}"]))
    assert load(proto.SerializeToString(), name="m").name == "m"
