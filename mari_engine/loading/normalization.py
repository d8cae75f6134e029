"""Normalization: functions inlined, constants lifted and folded, all named, shapes inferred."""

from __future__ import annotations

import onnx_ir as ir
import onnx_ir.passes.common as passes
from onnx_ir.passes.common.naming import NameGenerator

from mari_engine.graph import has_defaults, set_aside_defaults, stored_bytes
from mari_engine.loading.constant_folding import FoldingBudget, fold_constants
from mari_engine.loading.scalar_operands import make_scalar
from mari_engine.ops import infer_types

_SMALL = 4096
"""Bytes up to which an external tensor is read: axes and shapes, never tables."""


def normalize(model: ir.Model) -> frozenset[str]:
    """Inline functions, lift and fold constants, name everything, infer shapes; in place.

    Returns the names of the values whose shape the file itself stated.

    Holds afterwards: no model-local functions; no Constant node except one that is a graph output;
    initializers live in the main graph and are no inputs; what is an input has no value, also where
    it had a default; every node and value has a unique name; no node is unused. Names that were
    there are kept. Raises ValueError or PassError when a
    function cannot be inlined.
    """
    passes.InlinePass()(model)
    if has_defaults(model):
        set_aside_defaults(model.graph)
    passes.RemoveInitializersFromInputsPass()(model)
    passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    _name_everything(model)
    passes.LiftSubgraphInitializersToMainGraphPass()(model)
    passes.TopologicalSortPass()(model)
    passes.RemoveUnusedNodesPass()(model)
    _read_small_tensors(model.graph)
    _name_everything(model)
    stated = frozenset(
        value.name or ""
        for node in model.graph
        for value in node.outputs
        if value.shape is not None
    )
    infer_types(model)
    budget = FoldingBudget()
    while fold_constants(model, budget):
        passes.RemoveUnusedNodesPass()(model)
        _name_everything(model)
        infer_types(model)
    if make_scalar(model):
        _name_everything(model)
    return stated


class _Names(NameGenerator):
    """Names for what has none: a node after its operator, a value after its node."""

    def generate_node_name(self, node: ir.Node) -> str:
        return node.name or node.op_type

    def generate_value_name(self, value: ir.Value) -> str:
        producer = value.producer()
        return value.name or (f"{producer.name}_out" if producer is not None else "value")


def _name_everything(model: ir.Model) -> None:
    taken: set[str] = set()
    last: dict[str, int] = {}
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        wanted = name = node.name or node.op_type
        while name in taken:
            last[wanted] = last.get(wanted, 0) + 1
            name = f"{wanted}_{last[wanted]}"
        taken.add(name)
        node.name = name
    passes.NameFixPass(_Names())(model)


def _read_small_tensors(graph: ir.Graph) -> None:
    for value in graph.initializers.values():
        tensor = value.const_value
        if isinstance(tensor, ir.ExternalTensor) and stored_bytes(tensor) <= _SMALL:
            array = tensor.numpy().copy()
            value.const_value = ir.Tensor(array, dtype=tensor.dtype, name=tensor.name)
