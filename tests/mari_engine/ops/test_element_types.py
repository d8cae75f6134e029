"""Element types follow from operands and schemas where no type is written down."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from mari_engine.ops import element_type

FLOAT, HALF, INT, BOOL = (
    ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.INT64, ir.DataType.BOOL
)  # fmt: skip


@pytest.mark.parametrize(
    ("op", "given", "made"),
    [
        ("Where", (BOOL, HALF, HALF), HALF),
        ("Where", (None, None, FLOAT), FLOAT),
        ("Where", (INT, None, None), None),
        ("Gather", (FLOAT, INT), FLOAT),
        ("Less", (FLOAT, FLOAT), BOOL),
        ("ArgMax", (FLOAT,), INT),
        ("Concat", (None, HALF, None), HALF),
        ("Softmax", (FLOAT,), FLOAT),
        ("Shape", (FLOAT,), INT),
    ],
)
def test_a_result_has_the_type_that_its_schema_says(
    op: str, given: tuple[ir.DataType | None, ...], made: ir.DataType | None
) -> None:
    node = ir.node(op, [ir.Value(name=f"x{at}") for at in range(len(given))])
    assert element_type(node, 0, given) == made


def test_each_result_has_its_own() -> None:
    node = ir.node("TopK", [ir.Value(name="x"), ir.Value(name="k")], num_outputs=2)
    assert [element_type(node, at, (HALF, INT)) for at in range(2)] == [HALF, INT]


def test_a_cast_says_what_it_casts_to() -> None:
    node = ir.node("Cast", [ir.Value(name="x")], {"to": int(HALF)})
    assert element_type(node, 0, (INT,)) == HALF


def test_without_a_schema_it_is_the_first_type_that_is_known() -> None:
    node = ir.node("QuickGelu", [ir.Value(name="x")], domain="com.microsoft")
    assert element_type(node, 0, (None, HALF, INT)) == HALF
    assert element_type(node, 0, (None,)) is None
