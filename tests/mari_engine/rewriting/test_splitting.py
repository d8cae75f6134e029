"""Layouts before and after, one product a side, and the arms that a benchmark compares."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.rewriting.context import Options, Strategy
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Side, Signature
from support.builders import build
from support.rewrite_checks import roles

FRAGMENTS = 8
LABELS = roles(
    **{f"u{at}": "user" for at in range(FRAGMENTS)},
    **{f"i{at}": "item" for at in range(FRAGMENTS)},
)


def interleaved() -> Model:
    names = [f"{side}{at}" for at in range(FRAGMENTS) for side in "ui"]
    data = build(
        f"c = Concat <axis = -1> ({', '.join(names)}) y = MatMul (c, W)",
        inputs=", ".join(f"float[N, 16] {name}" for name in names),
        outputs="float[N, 64] y",
        weights={"W": np.ones((32 * FRAGMENTS, 64), np.float32)},
    )
    return load(data, name="interleaved")


def products(strategy: Strategy) -> int:
    made = rewrite(
        interleaved(),
        LABELS,
        Options(signature=Signature.COMPACT, candidates=5000),
        strategy=strategy,
    )
    return sum(node.op_type in ("MatMul", "Gemm") for node in made.model.graph)


@pytest.mark.parametrize(
    ("strategy", "count"),
    [
        (Strategy(), 2),
        (Strategy(neat=False), 2 * FRAGMENTS),
        (Strategy(split=False), 1),
    ],
)
def test_each_arm_has_its_number_of_products(strategy: Strategy, count: int) -> None:
    assert products(strategy) == count


def test_the_layout_becomes_two_blocks() -> None:
    (layout,) = plan(interleaved(), LABELS, candidates=5000).layout
    assert layout.fragments_before == 2 * FRAGMENTS
    assert layout.fragments_after == 2
    assert {each.side for each in layout.before} == {Side.REQUEST, Side.CANDIDATE}
    covered = sorted((each.source, each.source_start, each.stop - each.start)
                     for each in layout.before)  # fmt: skip
    assert sum(width for _, _, width in covered) == 32 * FRAGMENTS
    assert layout.after[0].side == Side.REQUEST
    assert layout.after[-1].side == Side.CANDIDATE
    assert layout.after[-1].stop == 32 * FRAGMENTS


def test_weights_of_each_side_are_constants_of_the_new_model() -> None:
    made = plan(interleaved(), LABELS, candidates=5000, signature="compact")
    shapes = sorted(
        tuple(value.shape or ()) for value in made.optimized.ir.graph.initializers.values()
        if value.shape is not None and len(value.shape) == 2
    )  # fmt: skip
    assert shapes == [(16 * FRAGMENTS, 64), (16 * FRAGMENTS, 64)]


def test_the_request_row_rides_in_the_bias() -> None:
    made = plan(interleaved(), LABELS, candidates=5000, signature="compact")
    nodes = list(made.optimized.ir.graph)
    (gemm,) = (node for node in nodes if node.op_type == "Gemm")
    assert len(gemm.inputs) == 3
    assert "Add" not in {node.op_type for node in nodes}


def test_new_nodes_carry_the_name_of_the_old() -> None:
    made = plan(interleaved(), LABELS, candidates=5000)
    (found,) = made.decisions
    names = {node.name: node.metadata_props["mari.source"] for node in made.optimized.ir.graph}
    assert found.new_nodes
    assert all(found.node in names[name].split("\n") for name in found.new_nodes)
