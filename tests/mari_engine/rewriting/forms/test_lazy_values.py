"""Lazy values: other axes, fewer columns, what varies along what."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes, with_extent
from mari_engine.rewriting.emission import Constant, GraphBuilder
from mari_engine.rewriting.forms import (
    Atom,
    Blocks,
    Materializer,
    Product,
    Sum,
    column_runs,
    per_candidate,
    relabel,
)
from mari_engine.rewriting.handlers.data_movement import concatenate_forms

ROWS: Axes = (("N",), (4,))


def atom(*dims: tuple[int, ...], axes: Axes = ROWS, name: str = "x") -> Atom:
    value = ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT))
    return Atom(axes, value, dims)


def materializer() -> Materializer:
    return Materializer(GraphBuilder(opset=17), candidates=500)


def pair() -> Blocks:
    wide: Axes = (("N",), (6,))
    parts = (atom((), (1,), name="u"), atom((0,), (1,), name="i"))
    return Blocks(wide, 1, parts, np.array([0, 0, 1, 1, 0, 1]), np.array([0, 1, 0, 1, 3, 2]))


def test_a_value_is_per_candidate_by_what_is_present() -> None:
    assert per_candidate(atom((0,), (1,)))
    assert not per_candidate(atom((), (1,)))
    assert per_candidate(Sum(ROWS, (atom((), (1,)), atom((0,), ()))))
    assert pair().mixed
    assert pair().sides == (frozenset(), frozenset({0}))


def test_an_extent_is_replaced_within_a_product_of_factors() -> None:
    assert with_extent((("N", 4), (2,)), 1, 9) == (("N", 9), (2,))
    assert with_extent((("N", 4), (2,)), 2, 1) == (("N", 4), (1,))


def test_axes_are_renamed_without_a_node() -> None:
    turned = relabel(atom((0,), (1,)), ((4,), ("N",)), (1, 0))
    assert isinstance(turned, Atom)
    assert turned.dims == ((1,), (0,))
    spread = relabel(atom((0,), (1,)), (("N",), (3,), (4,)), (0, -1, 1))
    assert isinstance(spread, Atom)
    assert spread.present == {0, 2}


def test_runs_are_neighbours_of_one_part() -> None:
    assert column_runs(pair()) == [(0, 0, 2), (1, 0, 2), (0, 3, 4), (1, 2, 3)]


def test_columns_of_one_part_are_that_part_alone() -> None:
    made = materializer()
    taken = made.columns.take(pair(), 1, np.array([0, 1]))
    assert isinstance(taken, Atom)
    assert [node.op_type for node in made.builder.nodes] == ["Slice"]
    both = made.columns.take(pair(), 1, np.array([5, 0]))
    assert isinstance(both, Blocks)
    assert both.axes == (("N",), (2,))


def test_all_columns_in_order_are_the_form_itself() -> None:
    made, form = materializer(), atom((0,), (1,))
    assert made.columns.take(form, 1, np.arange(4)) is form
    assert made.builder.nodes == []


def test_the_same_part_is_joined_once() -> None:
    made, form = materializer(), atom((0,), (1,))
    both = concatenate_forms(made, (("N",), (8,)), 1, [form, form], ["a", "a"])
    assert not isinstance(both, Blocks) or len(both.parts) == 1


def test_joined_columns_have_their_own_extent() -> None:
    made = materializer()
    parts = [atom((0,), (1,), name="a"), atom((0,), (1,), axes=(("N",), (3,)), name="b")]
    assert made.concatenate(parts, 1).axes == (("N",), (7,))


def test_constants_change_layout_without_a_node() -> None:
    made = materializer()
    held = Constant(lambda: np.arange(6.0).reshape(2, 3), ir.DataType.DOUBLE)
    form = Atom(((2,), (3,)), held, ((0,), (1,)))
    flat = made.layouts.lay(form, ((1, 0),))
    assert flat.constant is not None
    assert flat.constant.array.tolist() == [0, 3, 1, 4, 2, 5]
    assert made.builder.nodes == []


def test_an_axis_is_cut_within_a_product_without_computing_it() -> None:
    made = materializer()
    weight = Atom(((4,), (6,)), Constant(lambda: np.zeros((4, 6)), ir.DataType.FLOAT), ((0,), (1,)))
    product = Product((("N",), (6,)), (atom((0,), (1,)), weight), ((0, 1), (1, 2)), (0, 2))
    cut = made.axes.regroup(product, (("N",), (2,), (3,)))
    assert isinstance(cut, Product)
    assert cut.axes == (("N",), (2,), (3,))
    assert len(set(cut.output)) == 3
    assert made.builder.nodes == []


def head(name: str, part: list[int]) -> Blocks:
    """Return rows `[N, 5, 4]` of three fields and of two more, each candidate's, in this order."""
    axes: Axes = (("N",), (5,), (4,))
    sizes = (3, 2)
    parts = tuple(
        atom((0,), (1,), (2,), axes=with_extent(axes, 1, size), name=f"{name}{size}")
        for size in sizes
    )
    order = np.array(part)
    return Blocks(axes, 1, parts, order, np.array([part[:at].count(part[at]) for at in range(5)]))


def test_heads_whose_rows_lie_alike_are_joined_part_by_part() -> None:
    made, axes = materializer(), (("N",), (5,), (8,))
    alike = [head(name, [0, 1, 0, 0, 1]) for name in "ab"]
    joined = concatenate_forms(made, axes, 2, alike, ["a", "b"])
    assert isinstance(joined, Blocks)
    assert (joined.position, len(joined.parts)) == (1, 2)
    assert [node.op_type for node in made.builder.nodes] == ["Concat", "Concat"]


def test_heads_whose_rows_lie_otherwise_are_put_in_order_first() -> None:
    made, axes = materializer(), (("N",), (5,), (8,))
    unlike = [head("a", [0, 1, 0, 0, 1]), head("b", [1, 1, 0, 0, 0])]
    joined = concatenate_forms(made, axes, 2, unlike, ["a", "b"])
    assert isinstance(joined, Blocks)
    assert joined.position == 2
