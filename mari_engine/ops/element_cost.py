"""Ops that runtimes have no vectors for: one element of them takes as long as many of others."""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.axes import Pointwise, Spec, View, flat

_SHARES = {
    "Cos": 0.15, "CumSum": 0.2, "Einsum": 0.12, "Elu": 0.15, "Log": 0.1, "PRelu": 0.25,
    "Sin": 0.15, "Softplus": 0.7, "Tile": 0.15, "Where": 0.12,
}  # fmt: skip
"""What an element of the result takes, as a share of a run that is picked by index; measured."""


def share_of_a_run(node: ir.Node, spec: Spec | None) -> float:
    """Return what an element of a node's result takes, in runs picked by index; mostly nothing."""
    share = _SHARES.get(node.op_type, 0.0)
    if isinstance(spec, View):  # whole rows are as fast as a copy
        return share if spec.source[-1:] == (-1,) else 0.0
    if isinstance(spec, Pointwise) and node.op_type == "Where":  # so is a choice of whole rows
        return share if len(flat(spec.results[0])) - 1 in (spec.maps[0] or ()) else 0.0
    return share
