from collections import Counter

import pytest

import mari_engine as mari
from mari_engine.graph import SIDE
from support.builders import build, ranking_tower

TOWER = mari.Labels.from_json(
    {"version": 1, "inputs": {"user": {"role": "user"}, "item": {"role": "item"}}}
)
PACKED = mari.Labels.from_json(
    {
        "version": 1,
        "inputs": {
            "x": {
                "columns": [
                    {"start": 0, "stop": 48, "role": "user"},
                    {"start": 48, "stop": 64, "role": "item"},
                ]
            }
        },
    }
)


def sides(model: mari.Model) -> Counter[tuple[str, str | None]]:
    return Counter((node.op_type, node.metadata_props.get(SIDE)) for node in model.ir.graph)


@pytest.mark.parametrize("signature", ["drop-in", "compact"])
def test_every_node_of_a_split_tower_is_marked(signature: str) -> None:
    model = mari.load(ranking_tower(user=64, item=16, hidden=32))
    found = sides(mari.plan(model, TOWER, signature=signature).optimized)
    assert not [op for op, side in found if side is None]
    assert found["Gemm", "request"] + found["MatMul", "request"] == 1
    assert found["Slice", "request"] == (signature == "drop-in")
    assert found["Relu", "candidate"] == 1


def test_the_first_row_of_a_packed_input_is_on_the_request_side() -> None:
    text = """
        low = Constant <value_ints = [0]> ()
        cut = Constant <value_ints = [48]> ()
        high = Constant <value_ints = [64]> ()
        axis = Constant <value_ints = [1]> ()
        user = Slice (x, low, cut, axis)
        item = Slice (x, cut, high, axis)
        squashed = Tanh (user)
        kept = Relu (item)
        y = Concat <axis = 1> (squashed, kept)
    """
    model = mari.load(build(text, inputs="float[N, 64] x", outputs="float[N, 64] y"))
    found = sides(mari.plan(model, PACKED).optimized)
    assert found["Tanh", "request"] == 1
    assert found["Relu", "candidate"] == 1


def test_marks_of_an_earlier_rewrite_are_not_kept() -> None:
    model = mari.load(ranking_tower(user=64, item=16, hidden=32))
    first = mari.plan(model, TOWER).optimized
    swapped = mari.Labels.from_json(
        {"version": 1, "inputs": {"user": {"role": "item"}, "item": {"role": "item"}}}
    )
    assert {side for _, side in sides(mari.plan(first, swapped).optimized)} == {"candidate"}
