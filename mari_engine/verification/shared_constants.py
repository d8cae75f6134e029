"""Weights and lookup tables that both models have by name, compared as a whole.

A request reaches one row of a user's table, and only the weights behind units that it activates: a
number that was lost, moved or changed elsewhere shows in no output.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from mari_engine.graph import SOURCE, Model
from mari_engine.ops import Trait, has_trait
from mari_engine.verification.table_stacks import list_stacked

_CHUNK = 1 << 22
"""Elements that are compared at a time."""


def compare_constants(original: Model, optimized: Model) -> tuple[int, str]:
    """Return how many constants are equal bit for bit, and what is wrong with the first other one.

    In a model that this tool rewrote, a constant that has the name, shape and type of one of the
    original's is that one. In others the names may be an exporter's numbers, and an original that
    was itself rewritten has such names as the tool gives: there, two are one constant when more
    than half of their elements are equal. So are two tables, of which either model has one by name,
    and a table that is a part of one of the optimized model's. "" stands for nothing wrong.
    """
    first = dict(_constants(original.ir.graph))
    first |= _renamed_tables(original, optimized)
    by_name = _is_rewritten(optimized) and not _is_rewritten(original)
    equal = 0
    for name, constant in _constants(optimized.ir.graph):
        before = first.get(name)
        if before is None or before.shape != constant.shape or before.dtype != constant.dtype:
            continue
        count, at = _different_tensors(before, constant)
        equal += count == 0
        named = by_name and name in original.ir.graph.initializers
        if count and (named or 2 * count < before.size):
            return equal, (
                f"constant {name!r}: {count} of its {before.size} elements are not the original's, "
                f"the first at {list(at)}"
            )
    stacked, problem = _compare_stacks(original, optimized)
    return equal + stacked, problem


def _compare_stacks(original: Model, optimized: Model) -> tuple[int, str]:
    """Return how many tables lie in others bit for bit, and what is wrong with the first other."""
    tables, others = (dict(_tables(model.ir.graph)) for model in (original, optimized))
    lost = {name: table for name, table in tables.items() if name not in others}
    equal = 0
    for name in others.keys() - tables.keys():
        for part in list_stacked(others[name], lost):
            count, at = _different(part.table, part.rows)
            if count:
                size, first = part.table.size, [at[0] + part.first, *at[1:]]
                return equal, (
                    f"constant {name!r}: {count} of the {size} elements of {part.name!r} in it are "
                    f"not the original's, the first at {first}"
                )
            equal += 1
    return equal, ""


def _renamed_tables(original: Model, optimized: Model) -> dict[str, ir.TensorProtocol]:
    """Return, by the optimized model's names, tables of the original's that it has by none."""
    tables, others = (dict(_tables(model.ir.graph)) for model in (original, optimized))
    lost = [table for name, table in tables.items() if name not in others]
    found = {}
    for name in others.keys() - tables.keys():
        other = others[name]
        alike = [each for each in lost if each.shape == other.shape and each.dtype == other.dtype]
        if len(alike) == 1:
            found[name] = alike[0]
    return found


def _tables(graph: ir.Graph) -> Iterator[tuple[str, ir.TensorProtocol]]:
    """Yield what rows are looked up in."""
    for name, value in graph.initializers.items():
        looked_up = any(has_trait(node, Trait.ROW_LOOKUP) and at == 0 for node, at in value.uses())
        if value.const_value is not None and looked_up:
            yield name, value.const_value


def _constants(graph: ir.Graph) -> Iterator[tuple[str, ir.TensorProtocol]]:
    """Yield floating constants, and what is looked up; not the shapes and axes of a spelling."""
    for name, value in graph.initializers.items():
        tensor = value.const_value
        if tensor is None or tensor.dtype == ir.DataType.STRING:
            continue
        looked_up = any(has_trait(node, Trait.LOOKUP) and at == 0 for node, at in value.uses())
        if tensor.dtype.is_floating_point() or looked_up:
            yield name, tensor


def _is_rewritten(model: Model) -> bool:
    return any(SOURCE in node.metadata_props for node in model.ir.graph)


def _different_tensors(
    one: ir.TensorProtocol, other: ir.TensorProtocol
) -> tuple[int, tuple[int, ...]]:
    """Return how many elements differ, and the place of the first."""
    if one is other or _same_place(one, other):
        return 0, ()
    return _different(one.numpy(), other.numpy())


def _different(one: np.ndarray, other: np.ndarray) -> tuple[int, tuple[int, ...]]:
    a, b = (np.ascontiguousarray(each) for each in (one, other))
    count, first = 0, 0
    for start in range(0, a.size, _CHUNK):
        pair = (_as_bytes(each.reshape(-1)[start : start + _CHUNK]) for each in (a, b))
        places = np.flatnonzero(np.any(np.not_equal(*pair), axis=1))
        if len(places) and not count:
            first = start + int(places[0])
        count += len(places)
    return count, tuple(int(at) for at in np.unravel_index(first, a.shape)) if a.shape else ()


def _as_bytes(elements: np.ndarray) -> np.ndarray:
    """Return each element's bytes, so that NaN equals NaN and no type is in the way."""
    return elements.view(np.uint8).reshape(len(elements), -1)


def _same_place(one: ir.TensorProtocol, other: ir.TensorProtocol) -> bool:
    if not isinstance(one, ir.ExternalTensor) or not isinstance(other, ir.ExternalTensor):
        return False
    first, second = [(str(each.path), each.offset, each.length) for each in (one, other)]
    return first == second
