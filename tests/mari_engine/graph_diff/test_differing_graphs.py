"""Nodes of two graphs are matched by what they compute; what is left is told."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from mari_engine import Change, ChangeKind, diff, load
from mari_engine.types import Difference
from support.builders import build

EYE = np.eye(4, dtype=np.float32)
BODY = """
    a = MatMul (x, v)
    b = Relu (a)
    c = MatMul (b, w)
    d = LeakyRelu <alpha = 0.1> (c)
    y = Add (d, x)
"""
WEIGHTS: Mapping[str, np.ndarray] = {"v": EYE, "w": EYE}


def compare(body: str, weights: Mapping[str, np.ndarray] = WEIGHTS) -> Difference:
    """Compare BODY with another graph of the same interface."""
    first, second = (
        load(build(text, inputs="float[N, 4] x", outputs="float[N, 4] y", weights=given))
        for text, given in ((BODY, WEIGHTS), (body, weights))
    )
    return diff(first, second)


def changes(found: Difference) -> list[tuple[str, str, str]]:
    return [(change.name, change.was, change.now) for change in found.changes]


def test_names_are_no_difference() -> None:
    found = compare(BODY.replace("c)", "cc)").replace("c =", "cc ="))
    assert found.same
    assert found.matched == 5


def test_an_inserted_node_is_told_alone() -> None:
    found = compare(BODY.replace("c = MatMul (b, w)", "z = Tanh (b) c = MatMul (z, w)"))
    assert changes(found) == [("Tanh", "", "Tanh(b)")]
    assert found.matched == 5


def test_a_removed_node_is_told_alone() -> None:
    found = compare(BODY.replace("b = Relu (a)", "").replace("(b, w)", "(a, w)"))
    assert changes(found) == [("Relu", "Relu(a)", "")]


def test_a_replaced_operator_is_a_change_of_its_node() -> None:
    found = compare(BODY.replace("Relu (a)", "Tanh (a)"))
    assert changes(found) == [("Relu", "Relu(a)", "Tanh(a)")]


def test_two_changes_apart_are_both_told_and_the_rest_is_matched() -> None:
    body = BODY.replace("Relu (a)", "Tanh (a)").replace("0.1", "0.2")
    found = compare(body)
    assert changes(found) == [
        ("Relu", "Relu(a)", "Tanh(a)"),
        ("LeakyRelu", "alpha=0.1", "alpha=0.2"),
    ]
    assert found.matched == 5


def test_another_wiring_is_told_where_it_is() -> None:
    found = compare(BODY.replace("Add (d, x)", "Add (d, a)"))
    assert changes(found) == [("Add", "a reader of x", "a reader of a")]


def test_another_shape_of_a_weight_is_told_of_the_weight() -> None:
    body = BODY.replace("Add (d, x)", "Add (d, u)")
    first, second = (
        load(build(body, inputs="float[N, 4] x", outputs="float[N, 4] y",
                   weights={**WEIGHTS, "u": np.ones(shape, np.float32)}))
        for shape in ((4,), (1, 4))
    )  # fmt: skip
    found = diff(first, second)
    assert found.changes == (Change(ChangeKind.WEIGHT, "u", "float32[4]", "float32[1, 4]"),)


def test_nodes_in_another_order_are_a_change_of_order_alone() -> None:
    body = "a = Relu (x) b = Tanh (x) y = Add (a, b)"
    turned = "b = Tanh (x) a = Relu (x) y = Add (a, b)"
    first, second = (
        load(build(text, inputs="float[N, 4] x", outputs="float[N, 4] y"))
        for text in (body, turned)
    )
    (change,) = diff(first, second).changes
    assert change.kind == ChangeKind.ORDER


def test_inputs_and_outputs_are_compared_by_name() -> None:
    first = load(build("y = Relu (x)", inputs="float[N, 4] x", outputs="float[N, 4] y"))
    second = load(
        build("y = Relu (x) z = Abs (t)", inputs="float[N, 5] x, float[N, 1] t",
              outputs="float[N, 5] y, float[N, 1] z")
    )  # fmt: skip
    told = [
        (change.kind, *row)
        for change, row in zip(
            diff(first, second).changes, changes(diff(first, second)), strict=True
        )
    ]
    assert (ChangeKind.INPUT, "x", "float32[N, 4]", "float32[N, 5]") in told
    assert (ChangeKind.INPUT, "t", "", "float32[N, 1]") in told
    assert (ChangeKind.OUTPUT, "z", "", "float32[N, 1]") in told


def chain(length: int, inserted: int, renamed: str = "h") -> bytes:
    """Return a chain of operators with one more of them somewhere, all values named anew."""
    lines: list[str] = []
    last = "x"
    for at in range(length):
        steps = [("MatMul", f"({last}, v)"), ("Relu", f"({last})"), ("Add", f"({last}, x)")]
        op, read = steps[at % 3]
        lines.append(f"{renamed}{len(lines)} = {op} {read}")
        last = f"{renamed}{len(lines) - 1}"
        if at == inserted:
            lines.append(f"{renamed}{len(lines)} = Tanh ({last})")
            last = f"{renamed}{len(lines) - 1}"
    lines.append(f"y = Identity ({last})")
    body = "\n".join(lines)
    return build(body, inputs="float[N, 4] x", outputs="float[N, 4] y", weights={"v": EYE})


@pytest.mark.parametrize("inserted", [0, 50, 149])
def test_one_node_in_a_long_chain_of_equal_ones_is_found(inserted: int) -> None:
    found = diff(load(chain(150, -1)), load(chain(150, inserted, "z")))
    assert [change.name for change in found.changes] == ["Tanh"]
    assert found.matched == 151
