"""Every spelling fits the operator's schema at the opset that it is meant for."""

from __future__ import annotations

from collections.abc import Sequence

import onnx.defs
import pytest

from mari_engine.ops import spelling
from mari_engine.ops.spelling import Spelling

OPSETS = (13, 14, 15, 17, 18, 21, 23)


def spellings(opset: int) -> dict[str, tuple[int, Sequence[Spelling]]]:
    """Return by name the number of tensors that a spelling takes, and its nodes."""
    return {
        "add": (2, [spelling.add()]),
        "subtract": (2, [spelling.subtract()]),
        "multiply": (2, [spelling.multiply()]),
        "divide": (2, [spelling.divide()]),
        "square root": (1, [spelling.square_root()]),
        "sign": (1, [spelling.sign()]),
        "matmul": (2, [spelling.matmul()]),
        "gemm": (3, [spelling.gemm(alpha=0.5, transposed=True)]),
        "sum": (1, [spelling.reduce_sum([1], opset, keepdims=True)]),
        "mean": (1, [spelling.reduce_mean([1], opset, keepdims=False)]),
        "concat": (3, [spelling.concat(1)]),
        "cut": (1, [spelling.cut(0, 1, 2)]),
        "gather": (2, [spelling.gather(0)]),
        "transpose": (1, [spelling.transpose([1, 0])]),
        "reshape": (1, [spelling.reshape([2, -1])]),
        "reshape, computed": (2, [spelling.reshape()]),
        "expand": (2, [spelling.expand()]),
        "extent": (1, spelling.extent_along(1, opset)),
        "cast": (1, [spelling.cast(7)]),
        "identity": (1, [spelling.identity()]),
    }


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("name", spellings(13))
def test_a_spelling_fits_its_operator(opset: int, name: str) -> None:
    tensors, nodes = spellings(opset)[name]
    for node in nodes:
        schema = onnx.defs.get_schema(node.op, opset)
        assert set(node.attributes) <= set(schema.attributes)
        assert schema.min_input <= tensors + len(node.lists) <= schema.max_input


def test_axes_move_from_attributes_to_inputs() -> None:
    assert spelling.reduced_axes([1, 2], 17) == ({"axes": [1, 2]}, ())
    assert spelling.reduced_axes([1, 2], 18) == ({}, ((1, 2),))
    assert spelling.reduce_sum([1], 13, keepdims=True).lists == ((1,),)


def test_an_extent_is_one_node_since_shapes_can_be_cut() -> None:
    assert [node.op for node in spelling.extent_along(1, 14)] == ["Shape", "Gather"]
    assert [node.op for node in spelling.extent_along(1, 15)] == ["Shape"]


def test_no_number_is_multiplied_by_one() -> None:
    assert spelling.gemm().attributes == {}
    assert list(spelling.gemm(alpha=2.0, transposed=True).attributes) == ["transB", "alpha"]
