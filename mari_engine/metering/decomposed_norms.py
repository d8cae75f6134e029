"""Fused ops that are no products, in standard ops: a norm is then seen by its rows."""

from __future__ import annotations

from mari_engine.axes import Unsupported
from mari_engine.graph import Model
from mari_engine.ops import decompose, infer_types, is_product, list_fused


def without_fused(model: Model) -> Model:
    """Return a model that computes the same, each value and each product under its own name.

    The model itself where nothing is fused. What cannot be decomposed stays.
    """
    names = {node.name for node in list_fused(model.ir.graph) if not is_product(node)}
    if not names:
        return model
    copy = model.ir.clone()
    for node in [node for node in copy.graph if node.name in names]:
        try:
            decompose(node, copy)
        except Unsupported:
            continue
    infer_types(copy)
    return Model(copy, model.name)
