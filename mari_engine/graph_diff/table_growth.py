"""Tables that have more rows than in an earlier structure: a new day's ids."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from mari_engine.analysis import structure_of
from mari_engine.graph import Model
from mari_engine.graph_diff.alignment import align
from mari_engine.graph_diff.graph_changes import constant_pairs
from mari_engine.graph_diff.wiring import Wiring
from mari_engine.ops import Trait, has_trait
from mari_engine.types import Structure


def cut_grown_tables(model: Model, earlier: Structure) -> Model | None:
    """Return the model with as many rows of its tables `[V, E]` as they had; None if none grew.

    Tables are what is looked up along axis 0, and read by nothing else. Those in files are mapped.
    """
    rows = _earlier_rows(model, earlier)
    if not rows:
        return None
    copy = model.ir.clone()
    for name, count in rows.items():
        value = copy.graph.initializers[name]
        tensor = value.const_value
        assert tensor is not None
        value.const_value = ir.Tensor(tensor.numpy()[:count], dtype=tensor.dtype, name=name)
        value.shape = ir.Shape(value.const_value.shape)
    return Model(copy, model.name, stated=model.stated)


def _earlier_rows(model: Model, earlier: Structure) -> Mapping[str, int]:
    found = align(Wiring(earlier), Wiring(structure_of(model)))
    return {
        now.name: was.shape[0]
        for was, now in constant_pairs(found)
        if was.dtype == now.dtype
        and was.shape[1:] == now.shape[1:]
        and was.shape[:1] < now.shape[:1]
        and _is_table(model.ir.graph.initializers[now.name])
    }


def _is_table(value: ir.Value) -> bool:
    uses = value.uses()
    return not value.is_graph_output() and all(
        at == 0 and has_trait(node, Trait.LOOKUP) and node.attributes.get_int("axis", 0) == 0
        for node, at in uses
    )
