"""Request-side inputs as long as there are candidates whose rows the graph does not treat alike.

`[N, K]` of the user, or context, is one row for N candidates, or a history that was exported with N
rows: tracers give equal extents one name. Repeated rows are only ever carried along to the rows of
the candidates. Where the graph sums, sorts or attends over them, they may be a history's.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from itertools import accumulate

import onnx_ir as ir

from mari_engine.analysis.value_facts import Survey
from mari_engine.axes import CANDIDATES, AxisLabels, Join, Pick, Spec, flat
from mari_engine.errors import LabelError
from mari_engine.graph import Model, all_inputs, list_bodies
from mari_engine.inputs import trace_columns
from mari_engine.ops import Trait, has_trait
from mari_engine.types import FROM_GRAPH, Labels


def check_rows(model: Model, labels: Labels, survey: Survey) -> None:
    """Return if no request-side input's rows are mixed; raises LabelError (`find_mixed_rows`)."""
    for name, node in find_mixed_rows(model, labels, survey).items():
        raise LabelError(
            f"input {name!r}: it is labelled as the same for all candidates and has as many rows, "
            f"which {node} may not treat alike, as if they were a history; state its "
            '"axis" in labels.json if its rows are equal, or give its extent a name of its own in '
            "the model"
        )


def find_mixed_rows(model: Model, labels: Labels, survey: Survey) -> Mapping[str, str]:
    """Return, by request-side input without a stated axis, a node that mixes its rows, in words.

    So does a node without a declaration that reads features of the request's side alone, where its
    results have lost the rows. What packs a batch tells nothing: lengths and masks, scales of a
    whole tensor, and rows that are picked in an order that the run works out. Nor do nodes with
    bodies and what is behind them: they may be lookups row by row.
    """
    origins: dict[ir.Value, frozenset[str]] = {}
    candidates: set[ir.Value] = set()
    for value in model.ir.graph.inputs:
        label = labels.inputs.get(value.name or "")
        if label is None or label.per_candidate:
            candidates.add(value)
        elif label.stated_axis == FROM_GRAPH and _has_rows(value, survey):
            origins[value] = frozenset([value.name or ""])
    found: dict[str, str] = {}
    looped: set[ir.Value] = set()
    given = trace_columns(model.ir) if origins else {}
    for node in model.ir.graph if origins else ():
        read = all_inputs(node)
        if list_bodies(node) or not looped.isdisjoint(read):
            looped.update(node.outputs)
        if not candidates.isdisjoint(read):
            candidates.update(node.outputs)
        if origins.keys().isdisjoint(read) or all(map(survey.is_static, node.outputs)):
            continue
        undeclared = candidates.isdisjoint(read) and looped.isdisjoint(node.outputs)
        mixed = _mixed(node, survey, origins, candidates, undeclared=undeclared)
        for value in () if _picks_by_run(node, survey, given) else mixed:
            words = f"{node.op_type} {node.name!r}"
            found |= {name: words for name in origins[value] if name not in found}
        if candidates.isdisjoint(read):
            reached = frozenset[str]().union(*(origins.get(value, frozenset()) for value in read))
            origins.update(dict.fromkeys(node.outputs, reached))
    return found


def _has_rows(value: ir.Value, survey: Survey) -> bool:
    fact = survey.values.get(value)
    return fact is not None and CANDIDATES in flat(fact.axes)


def _mixed(
    node: ir.Node,
    survey: Survey,
    origins: Mapping[ir.Value, object],
    candidates: set[ir.Value],
    *,
    undeclared: bool,
) -> list[ir.Value]:
    """Return the operands of the request's side whose rows a node does not keep apart."""
    own = [v for v in all_inputs(node) if v in origins and _has_rows(v, survey)]
    spec = survey.specs.get(node)
    if not own or has_trait(node, Trait.SHAPE_ONLY) or isinstance(spec, Pick):
        return []
    if has_trait(node, Trait.QUANTIZING):
        return []
    if spec is None:
        undeclared = undeclared and not _keeps_rows(node, survey)
        return [value for value in own if undeclared and _holds_features(value)]
    if isinstance(spec, Join):
        stacked = candidates.isdisjoint(all_inputs(node))  # what mixes them then is found behind it
        return own if _joins_rows(spec) and not stacked else []
    terms, results = spec.labels()
    rows = [_row_labels(spec, at, term) for at, term in enumerate(terms)]
    others = frozenset[int]().union(
        *(row for row, value in zip(rows, node.inputs, strict=False) if value in candidates)
    )
    kept = frozenset[int]().union(*results) - spec.mixing()
    return [
        value
        for row, value in zip(rows, node.inputs, strict=False)
        if value in own and (not row <= kept or (others and not row & others))
    ]


def _keeps_rows(node: ir.Node, survey: Survey) -> bool:
    """Return True where a result has the rows of the candidates, or nobody knows its shape."""
    facts = [survey.values.get(value) for value in node.outputs]
    return any(fact is None or CANDIDATES in flat(fact.axes) for fact in facts)


def _picks_by_run(node: ir.Node, survey: Survey, given: Container[ir.Value]) -> bool:
    """Return True for a node that copies elements from places that the run works out.

    Places that an input gives are ids: what they pick from is a table, whose rows are not alike.
    """
    copies = has_trait(node, Trait.LOOKUP, Trait.ROW_LOOKUP)
    places = [value for value in node.inputs[1:] if value is not None]
    if not copies or any(value in given for value in places):
        return False
    return not all(map(survey.is_static, places))


def _holds_features(value: ir.Value) -> bool:
    """Return True for `[N, K]` of fractions: others may be lengths and masks."""
    fractions = value.dtype is not None and value.dtype.is_floating_point()
    return fractions and len(value.shape or ()) > 1


def _joins_rows(spec: Join) -> bool:
    """Return True where the joined axis is the candidates', as of `[N, K], [N, K] -> [2 N, K]`."""
    starts = accumulate(len(axis) for axis in spec.results[0])
    at = next(at for at, end in enumerate(starts) if spec.position < end)
    return CANDIDATES in spec.results[0][at]


def _row_labels(spec: Spec, at: int, labels: AxisLabels | None) -> frozenset[int]:
    """Return the labels of an operand's positions that are as long as there are candidates."""
    if labels is None:
        return frozenset()
    dims = flat(spec.axes(at))
    return frozenset(lab for lab, dim in zip(labels, dims, strict=True) if dim == CANDIDATES)
