"""Keys that an op lists: which of them a run mapped, and whether one that it does not list."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.ops.branches import Arrays, Branches, Taken, Turns, Values

_MOST = 16
"""Keys up to which each is told apart."""


def keys_in(*attributes: str) -> Branches:
    """Return what an op does by the whole number that it is given: some attribute lists it or not.

    Of texts nothing is told: they are drawn from the list.
    """

    def keys(node: ir.Node) -> np.ndarray:
        found = [node.attributes[name] for name in attributes if name in node.attributes]
        held = [item.as_ints() for item in found if item.type == ir.AttributeType.INTS]
        return np.unique(np.array(held[0] if held else (), dtype=np.int64))

    def shown(node: ir.Node) -> Values:
        value = node.inputs[0]
        whole = value is not None and value.dtype is not None and value.dtype.is_integer()
        return (value,) if whole and keys(node).size else ()

    def taken(node: ir.Node, arrays: Arrays) -> Taken:
        (numbers,), listed = arrays, keys(node)
        known = np.isin(numbers, listed)
        each = {f"key {key}": np.array((numbers == key).any()) for key in listed.tolist()}
        some = each if len(each) <= _MOST else {"a listed key": np.array(known.any())}
        return {**some, "no listed key": np.array((~known).any())}

    def turns(node: ir.Node) -> Turns:
        value = node.inputs[0]
        if value is not None:
            yield from ((value, float(key)) for key in keys(node).tolist())

    return Branches(shown, taken, turns)
