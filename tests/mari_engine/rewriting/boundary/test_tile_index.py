"""How long a tile is, chosen by the run, where batches are larger than what tests can lay."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from mari_engine.graph import Model
from mari_engine.rewriting.boundary.list_arithmetic import ListArithmetic
from mari_engine.rewriting.boundary.tile_index import _choose_extent
from mari_engine.rewriting.emission import GraphBuilder
from support.rewrite_checks import data_of, run, session


def chosen_tiles(lengths: list[int]) -> tuple[int, list[int]]:
    """Return the places of a tile, and the tiles of each request."""
    builder = GraphBuilder(opset=17)
    given = [
        ir.Value(name=name, type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([None]))
        for name in ("lengths", "longest")
    ]
    results = _choose_extent(ListArithmetic(builder), *given)
    for value in results:
        value.type, value.shape = ir.TensorType(ir.DataType.INT64), ir.Shape([None])
    graph = ir.Graph(
        given, results, nodes=builder.nodes, initializers=[*builder.initializers.values()],
        opset_imports={"": 17}, name="g",
    )  # fmt: skip
    feeds = {"lengths": np.array(lengths, np.int64), "longest": np.array([max(lengths)], np.int64)}
    made = session(data_of(Model(ir.Model(graph, ir_version=8), "m")))
    extent, tiles = run(made, feeds).values()
    return int(extent[0]), tiles.tolist()


@pytest.mark.parametrize(
    ("lengths", "extent", "tiles"),
    [
        ([2000, *[10] * 15], 42, [48, *[1] * 15]),
        ([2**31, 2**31], 2**31, [1, 1]),
        ([2**33, *[1] * 7], 2**27, [64, *[1] * 7]),
    ],
)
def test_a_tile_is_as_long_as_costs_least(
    lengths: list[int], extent: int, tiles: list[int]
) -> None:
    assert chosen_tiles(lengths) == (extent, tiles)
