"""What is evaluated before the run is what ONNX's reference implementation computes in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from mari_engine.axes import Size
from mari_engine.ops import Call, Fact, evaluate
from mari_engine.ops.rule_table import RULES

BY_MASKS = {"NonZero", "Transpose"}
"""Evaluated for places of masks only: see the tests of rows that are masked alike."""

Case = tuple[Mapping[str, Any], tuple[np.ndarray, ...]]
ROWS = np.array([[3, -1, 4], [1, 5, -9]])
LIST = np.array([2, -7, 1, 8])
TRUE = np.array([True, False, True, False])
FRACTIONS = np.array([0.5, -1.5, 2.0, -4.0], np.float32)
ONE = np.array([1])


def numbers(*elements: int) -> np.ndarray:
    return np.array(elements, dtype=np.int64)


CASES: Mapping[str, Case] = {
    "Concat": ({"axis": 1}, (ROWS, ROWS[:, :1])),
    "Slice": ({}, (ROWS, numbers(-1), numbers(-(2**31)), numbers(1), numbers(-2))),
    "Gather": ({"axis": 1}, (ROWS, numbers(2, 0))),
    "OneHot": ({"axis": -1}, (numbers(1, -1), np.array(3), numbers(7, 9))),
    "Squeeze": ({}, (ROWS[:, None], ONE)),
    "Unsqueeze": ({}, (ROWS, ONE)),
    "Reshape": ({}, (ROWS, numbers(3, -1))),
    "Identity": ({}, (ROWS,)),
    "Expand": ({}, (LIST, numbers(3, 1))),
    "Tile": ({}, (np.full((2, 3), 5), numbers(2, 1))),
    "Shape": ({"start": 1}, (ROWS,)),
    "Size": ({}, (ROWS,)),
    "ConstantOfShape": ({}, (numbers(2, 3),)),
    "Range": ({}, (np.array(3), np.array(11), np.array(4))),
    "Cast": ({"to": int(TensorProto.INT32)}, (LIST,)),
    "Where": ({}, (TRUE, LIST, -LIST)),
    "Abs": ({}, (LIST,)),
    "Max": ({}, (LIST, ONE)),
    "Min": ({}, (LIST, ONE)),
    "Not": ({}, (TRUE,)),
    "And": ({}, (TRUE, TRUE[::-1])),
    "Or": ({}, (TRUE, TRUE[::-1])),
    **{
        op: ({}, (LIST, LIST[::-1]))
        for op in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Add", "Sub", "Mul")
    },
    "Div": ({}, (FRACTIONS, np.array([2.0], np.float32))),
    "Neg": ({}, (LIST,)),
    **{f"Reduce{op}": ({"keepdims": 0}, (LIST,)) for op in ("Sum", "Prod", "Max", "Min")},
}


def call_of(op: str, attributes: Mapping[str, Any], operands: tuple[Fact, ...]) -> Call:
    return Call(op, 18, attributes, operands, 1, (None,), lambda: "?")


def fact(array: np.ndarray) -> Fact:
    axes = tuple((extent,) if extent != 1 else () for extent in array.shape)
    return Fact(axes, ir.DataType.from_numpy(array.dtype), array)


def reference(op: str, attributes: Mapping[str, Any], arrays: tuple[np.ndarray, ...]) -> np.ndarray:
    names = [f"x{at}" for at in range(len(arrays))]
    given = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), None)
        for name, array in zip(names, arrays, strict=True)
    ]
    result = helper.make_tensor_value_info("y", TensorProto.UNDEFINED, None)
    graph = helper.make_graph(
        [helper.make_node(op, names, ["y"], **attributes)], "g", given, [result]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    (found,) = ReferenceEvaluator(model).run(None, dict(zip(names, arrays, strict=True)))
    return np.asarray(found)


def test_every_evaluation_has_a_case() -> None:
    assert set(CASES) == {rule.op for rule in RULES.values() if rule.evaluate} - BY_MASKS


@pytest.mark.parametrize("op", CASES)
def test_known_elements_are_those_of_the_reference(op: str) -> None:
    attributes, arrays = CASES[op]
    found = evaluate(RULES["", op], call_of(op, attributes, tuple(map(fact, arrays))))
    wanted = reference(op, attributes, arrays)
    assert found is not None
    assert found.content is not None
    assert found.content.tolist() == wanted.tolist()
    assert found.dtype == ir.DataType.from_numpy(wanted.dtype)


@pytest.mark.parametrize("op", [op for op in CASES if op not in ("Shape", "Size")])
def test_unknown_elements_stay_unknown(op: str) -> None:
    attributes, arrays = CASES[op]
    unknown = tuple(Fact(fact(array).axes, fact(array).dtype) for array in arrays)
    assert evaluate(RULES["", op], call_of(op, attributes, unknown)) is None


def test_a_free_extent_stays_a_symbol() -> None:
    rows = Fact((("N",), (8,)), ir.DataType.FLOAT)
    found = evaluate(RULES["", "Shape"], call_of("Shape", {}, (rows,)))
    assert found is not None
    assert found.content is not None
    assert found.content.tolist() == [Size(1, ("N",)), 8]


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div"])
def test_a_fraction_that_would_be_rounded_is_not_known(op: str) -> None:
    tenth, third = fact(np.array([0.1])), fact(np.array([3.0]))
    assert evaluate(RULES["", op], call_of(op, {}, (tenth, third))) is None


@pytest.mark.parametrize(
    ("op", "operands"),
    [
        ("Range", (np.array(0), np.array(10**12), np.array(1))),
        ("Range", (np.array(10**12), np.array(0), np.array(-1))),
        ("OneHot", (numbers(0, 1), np.array(10**12), numbers(0, 1))),
        ("Gather", (np.zeros((2, 30_000), np.int64), np.zeros(60_000, np.int64))),
    ],
)
def test_more_elements_than_are_followed_are_not_made(
    op: str, operands: tuple[np.ndarray, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("they are made")

    facts = tuple(map(fact, operands))
    monkeypatch.setattr(np, "arange", refuse)
    monkeypatch.setattr(np, "take", refuse)
    assert evaluate(RULES["", op], call_of(op, {}, facts)) is None
