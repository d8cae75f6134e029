"""Shapes that ONNX infers, of small files that ask for long lists."""

from __future__ import annotations

import pytest

from mari_engine import isolated, load
from support.bombs import BOMBS

LISTS = {
    "a range of 10^12": 10**12,
    "a range whose end is computed": 10**12,
    "a constant of 3 * 10^9": 3 * 10**9,
    "tiles to 10^12": 10**12,
    "a pad to 10^12": 10**12 + 1,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_long_list_is_known_by_its_length_and_never_written(name: str) -> None:
    with isolated(memory=1 << 28):
        model = load(BOMBS[name]().model)
    shapes = [value.shape for node in model.ir.graph for value in node.outputs]
    assert (LISTS[name],) in [tuple(shape) for shape in shapes if shape is not None]
