"""The handler of each kind of declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mari_engine.axes import (
    Affine,
    Along,
    Contract,
    Join,
    Norm,
    Pick,
    Pointwise,
    Reduce,
    Slices,
    View,
    Weights,
)
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.forms import Form
from mari_engine.rewriting.handlers.affine import fold_affine
from mari_engine.rewriting.handlers.axis_ops import along, slices
from mari_engine.rewriting.handlers.data_movement import join, pick, view
from mari_engine.rewriting.handlers.elementwise import pointwise
from mari_engine.rewriting.handlers.norms import normalize
from mari_engine.rewriting.handlers.products import contract
from mari_engine.rewriting.handlers.reductions import reduce


def _affine(step: Step) -> list[Form]:
    folded = fold_affine(step)
    return slices(step) if folded is None else [folded]


HANDLERS: Mapping[type, Callable[[Step], list[Form]]] = {
    View: view,
    Pick: pick,
    Join: join,
    Affine: _affine,
    Pointwise: lambda step: [pointwise(step)],
    Along: lambda step: [along(step)],
    Norm: lambda step: [normalize(step)],
    Weights: lambda step: [along(step)],
    Reduce: lambda step: [reduce(step)],
    Slices: slices,
    Contract: lambda step: [contract(step)],
}
"""By kind of declaration: makes the forms of a step's results."""
