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


def find_unbounded(model: ir.Model, survey: Survey) -> frozenset[str]:
    """Return the inputs of numbers of which no extent is made.

    An extent of any size would take any memory. So each op that whole numbers reach must be known
    to treat elements one by one, to move them, or to look them up.
    """
    inputs = model.graph.inputs
    return frozenset(value.name or "" for value in inputs if _stays_in_elements(value, survey))


def let_any(item: PlannedInput, usual: Ranges, binding: Ranges) -> PlannedInput:
    """Return an input of such numbers with any whole ones where no lookup binds them.

    A range that labels state holds, unless it is what is usual of the graph: proposals state that.
    """
    parts = (_let_any(part, item.name, usual, binding) for part in item.parts)
    return replace(item, parts=tuple(parts))


def _let_any(part: Part, name: str, usual: Ranges, binding: Ranges) -> Part:
    places = ((name, part.start), (name, None))
    bounds = next((usual[place] for place in places if place in usual), None)
    whole = part.feature.dtype.kind in "iu" or (part.feature.whole and bounds is not None)
    bound = any(place in binding for place in places)
    if not whole or bound or part.feature.bounds not in (None, bounds):
        return part
    return replace(part, feature=replace(part.feature, unbounded=True))


def _stays_in_elements(value: ir.Value, survey: Survey) -> bool:
    seen, waiting = {value}, [value]
    while waiting:
        reached = waiting.pop()
        for node, at in reached.uses():
            if _is_whole(reached) and not _treats_elements(node, at, survey):
                return False
            if has_trait(node, Trait.SHAPE_ONLY) or (at and has_trait(node, Trait.LOOKUP)):
                continue  # no result is as large as the number
            new = {result for result in node.outputs if result.dtype != ir.DataType.BOOL} - seen
            seen |= new
            waiting += new
    return True


def _is_whole(value: ir.Value) -> bool:
    return value.dtype is not None and value.dtype.is_integer()


def _treats_elements(node: ir.Node, at: int, survey: Survey) -> bool:
    if has_trait(node, Trait.LOOKUP, Trait.SHAPE_ONLY):
        return True
    if has_trait(node, Trait.FILLING, Trait.REPEATING):
        return False
    return isinstance(survey.specs.get(node), Pointwise) or (
        at == 0 and has_trait(node, Trait.EXACT)
    )
