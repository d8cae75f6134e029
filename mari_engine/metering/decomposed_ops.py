"""Fused ops in standard ops: a norm is then seen by its rows, an attention by its products."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import onnx_ir as ir

from mari_engine.axes import Unsupported
from mari_engine.graph import SOURCE, Model
from mari_engine.ops import decompose, infer_types, is_product, list_fused
from mari_engine.types import Flops, ProductMeasure


@dataclass(frozen=True, eq=False)
class Decomposed:
    """A model that computes the same, each value and each product under its own name."""

    model: Model
    wholes: Mapping[str, ir.Node]
    """By node: the fused one of the original that it is a part of."""

    def whole(self, name: str) -> str:
        """Return the name of the original's node."""
        return self.wholes[name].name or "" if name in self.wholes else name


def decompose_fused(model: Model, rewritten: Model) -> Decomposed:
    """Return a model without fused ops; those stay that cannot be decomposed.

    A product that the rewritten model has as the same op stays, too: as one op it is what was
    reached, and its parts would be counted otherwise.
    """
    originals = {node.name or "": node for node in model.ir.graph}
    kept = {
        name
        for node in rewritten.ir.graph
        for name in _sources(node)
        if is_product(node) and name in originals and node.op_type == originals[name].op_type
    }
    names = {node.name for node in list_fused(model.ir.graph)} - kept
    if not names:
        return Decomposed(model, {})
    copy, wholes = model.ir.clone(), dict[str, ir.Node]()
    for node in [node for node in copy.graph if node.name in names]:
        before, name = set(copy.graph), node.name or ""
        try:
            decompose(node, copy)
        except Unsupported:
            continue
        parts = [part for part in copy.graph if part not in before]
        wholes |= {part.name or "": originals[name] for part in parts}
    infer_types(copy)
    return Decomposed(Model(copy, model.name), wholes)


def join_parts(measures: Sequence[ProductMeasure], parts: Decomposed) -> list[ProductMeasure]:
    """Return the measures of the original's products: those of parts added up, without operands."""
    groups = dict[str, list[ProductMeasure]]()
    for each in measures:
        groups.setdefault(parts.whole(each.node), []).append(each)
    return [
        _added(parts.wholes[group[0].node], group) if group[0].node in parts.wholes else group[0]
        for group in groups.values()
    ]


def _added(whole: ir.Node, group: Sequence[ProductMeasure]) -> ProductMeasure:
    why = next((each.unmeasured for each in group if each.unmeasured), "")
    return replace(
        group[0],
        node=whole.name or "",
        op=whole.op_type,
        before=None if why else _sum(each.before for each in group),
        attainable=None if why else _sum(each.attainable for each in group),
        limit=None if why else _sum(each.limit for each in group),
        reached=None if why else group[0].reached,
        operands=(),
        unmeasured=why,
    )


def _sum(flops: Iterable[Flops | None]) -> Flops:
    return sum((each for each in flops if each is not None), Flops())


def _sources(node: ir.Node) -> Collection[str]:
    return {node.name or "", *node.metadata_props.get(SOURCE, "").split("\n")}
