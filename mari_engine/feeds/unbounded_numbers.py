"""Whole numbers that nothing bounds: ids that are hashed, compared or mapped, whatever they are.

Ids of a table have its rows. One that is taken modulo the table's rows before, or that a list of
keys maps, may be any: an error of those steps shows in no number that they leave as it is.
"""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Pointwise
from mari_engine.feeds.planned_inputs import Part, PlannedInput
from mari_engine.inputs import Ranges
from mari_engine.ops import Trait, has_trait


def find_unbounded(model: ir.Model, survey: Survey, binding: Ranges) -> frozenset[str]:
    """Return the inputs of whole numbers that no lookup binds, and that no extent is made of.

    An extent of any size would take any memory. So each op that the numbers reach must be known to
    treat elements one by one, or to move them.
    """
    bound = {name for name, _ in binding}
    return frozenset(
        value.name or ""
        for value in model.graph.inputs
        if _is_whole(value) and value.name not in bound and _stays_in_elements(value, survey)
    )


def let_any(item: PlannedInput, usual: Ranges) -> PlannedInput:
    """Return an input of such numbers with them.

    A range that labels state holds, unless it is what is usual of the graph: proposals state that.
    """
    return replace(item, parts=tuple(_let_any(part, item.name, usual) for part in item.parts))


def _let_any(part: Part, name: str, usual: Ranges) -> Part:
    bounds = usual.get((name, part.start), usual.get((name, None)))
    free = part.feature.bounds in (None, bounds)
    return replace(part, feature=replace(part.feature, unbounded=True)) if free else part


def _is_whole(value: ir.Value) -> bool:
    return value.dtype is not None and value.dtype.is_integer()


def _stays_in_elements(value: ir.Value, survey: Survey) -> bool:
    seen, waiting = {value}, [value]
    while waiting:
        for node, at in waiting.pop().uses():
            if not _treats_elements(node, at, survey):
                return False
            new = {result for result in node.outputs if _is_whole(result)} - seen
            seen |= new
            waiting += new
    return True


def _treats_elements(node: ir.Node, at: int, survey: Survey) -> bool:
    if has_trait(node, Trait.LOOKUP, Trait.SHAPE_ONLY):
        return True
    if has_trait(node, Trait.FILLING, Trait.REPEATING):
        return False
    return isinstance(survey.specs.get(node), Pointwise) or (
        at == 0 and has_trait(node, Trait.EXACT)
    )
