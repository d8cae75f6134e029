"""Workload: what each node of a graph does in a run, in FLOPs, bytes, and runs of elements."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.analysis.candidate_axis import candidate_symbols
from mari_engine.analysis.node_work import extent, grown, work
from mari_engine.analysis.value_facts import Survey, survey_model
from mari_engine.axes import (
    CANDIDATES,
    Axis,
    Contract,
    Join,
    Pick,
    Pointwise,
    Size,
    Slices,
    Spec,
    View,
    flat,
    moves_one,
)
from mari_engine.graph import Model, element_bytes, list_bodies
from mari_engine.ops import rule_of
from mari_engine.types import Cost, Flops, Labels, Work


def count_cost(model: Model, symbols: frozenset[str] | None = None) -> Cost:
    """Return what a model does for a request.

    `symbols` names the candidates' extent in its inputs; the symbol that most inputs lead with,
    when it is not given.
    """
    names = candidate_symbols(model, Labels()) if symbols is None else symbols
    return count_graph(model.ir.graph, survey_model(model, names))


def count_graph(graph: ir.Graph, survey: Survey) -> Cost:
    """Return the cost of a graph, per node and in total."""
    flops, moved, uncounted = Flops(), Flops(), set[str]()
    nodes, works = dict[str, Flops](), dict[str, Work]()
    constants = set(graph.initializers.values())
    for node in graph:
        spec, name = survey.specs.get(node), node.name or ""
        nodes[name], works[name] = Flops(), Work(calls=0)
        if _before_the_run(node, survey, constants):
            constants.update(node.outputs)
            continue
        called = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        if spec is None:
            works[name] = Work(
                bytes=_bytes(node, survey), rounds=_counted_rounds(node, survey),
                runs=_slowly(node, survey),
            )  # fmt: skip
            uncounted.update([called] if node in survey.unknown else [])
            continue
        own = work(spec)
        nodes[name], works[name] = own, _work(node, spec, own, survey)
        flops += own
        moved += works[name].bytes
        if isinstance(spec, Contract) and list(spec.extents().values()).count(CANDIDATES) > 2:
            uncounted.add(f"{called} of candidates with more than one other each, beyond pairs")
    return Cost(flops, moved, nodes, works, tuple(sorted(uncounted)))


def _work(node: ir.Node, spec: Spec, own: Flops, survey: Survey) -> Work:
    none = Flops()
    product, slices = isinstance(spec, Contract), isinstance(spec, Slices)
    return Work(
        products=own if product else none,
        slices=own if slices else none,
        arithmetic=none if product or slices else own,
        bytes=_bytes(node, survey),
        pieces=_pieces(spec) if isinstance(spec, Join) else none,
        rounds=_rounds(node, spec) if list_bodies(node) else none,
        runs=_runs(spec) + _slowly(node, survey),
        batched=_batches(spec),
    )


def _slowly(node: ir.Node, survey: Survey) -> Flops:
    """Return the extra time of an op without vector code, as a number of gathered runs."""
    rule, fact = rule_of(node), survey.values.get(node.outputs[0])
    if rule is None or rule.element_cost is None or fact is None:
        return Flops()
    share = rule.element_cost(survey.specs.get(node))
    return _often(1, flat(fact.axes)).map(lambda runs: round(share * runs))


def _pieces(spec: Join) -> Flops:
    """Return how many pieces of rows a join copies."""
    return _often(len(spec.operands), flat(spec.results[0])[: spec.position])


def _runs(spec: Spec) -> Flops:
    """Return the runs of elements that are worked on one by one, each with its own overhead.

    A broadcast goes on as long as the operands lie alike; columns that are not neighbours are
    picked one by one; what is turned moves in runs of its innermost factors that stay.
    """
    if isinstance(spec, View):
        return _turned(spec)
    if not isinstance(spec, (Pointwise, Pick)):
        return Flops()
    if isinstance(spec, Pick):
        outer = flat(spec.operands[0] or ())[: spec.position]
        apart = (len(index) for index in spec.indices if (np.diff(index) != 1).any())
        return _often(sum(apart), outer)
    dims = flat(spec.results[0])
    held = [tuple(own is None or place in own for own in spec.maps) for place in range(len(dims))]
    start = next((at + 1 for at in reversed(range(len(dims))) if held[at] != held[-1]), 0)
    return _often(1 if start else 0, dims[:start])


def _turned(spec: View) -> Flops:
    """Return the runs of elements that a transpose moves.

    Runtimes move one factor from the end, or to it, at the speed of a copy.
    """
    dims = flat(spec.operands[0] or ())
    order = [at for at in spec.source if at >= 0 and dims[at] != 1]
    places = [sorted(order).index(at) for at in order]
    stay = next((n for n, at in enumerate(reversed(places)) if at != len(order) - 1 - n), None)
    if stay is None or (not stay and moves_one(places)):
        return Flops()
    runs = _often(1, tuple(dims[at] for at in order[: len(order) - stay]))
    return runs.map(lambda count: count // 3)  # no index tells where they lie


def _often(count: int, dims: Axis) -> Flops:
    """Return a count times the number of elements along these factors."""
    return grown(count * extent(dims, 1), dims)


def _before_the_run(node: ir.Node, survey: Survey, constants: set[ir.Value]) -> bool:
    """Return True for shape arithmetic, and for what runtimes compute when they load a model."""
    if all(survey.is_static(value) for value in node.outputs):
        return True
    if any(attribute.type == ir.AttributeType.GRAPH for attribute in node.attributes.values()):
        return False  # its bodies read more than its inputs
    return bool(node.inputs) and all(value is None or value in constants for value in node.inputs)


def _rounds(node: ir.Node, spec: Spec) -> Flops:
    """Return how many nodes run in the bodies of a node, by the declared number of its steps."""
    steps = tuple(dim for dim in getattr(spec, "work", ()) if dim != CANDIDATES)
    count = extent(steps, 1) * _length(node)
    return grown(count, steps)


def _length(node: ir.Node) -> int:
    """Return how many nodes there are in bodies that run several times."""
    return sum(len(body) for body in list_bodies(node) if body.inputs)


def _counted_rounds(node: ir.Node, survey: Survey) -> Flops:
    """Return how many nodes run in a loop; once a candidate where its count is not known."""
    length = _length(node)
    first = node.inputs[0] if node.inputs else None
    fact = survey.values.get(first) if first is not None else None
    if fact is None or fact.content is None or fact.content.size != 1:
        return Flops(0, length)
    if fact.content.dtype.kind == "f":
        return Flops(0, length)  # a state, and no count
    often = Size.of(fact.content.ravel()[0])
    if not often.symbols:
        return Flops(often.number * length, 0)
    return Flops(0, extent((often.number, *often.symbols), 1) * length)


def _batches(spec: Spec) -> Flops:
    """Return how many matrices a product of stacks of matrices multiplies; none for a plain one."""
    if not isinstance(spec, Contract) or len(spec.terms) < 2:
        return Flops()
    extents = spec.extents()
    shared = set(spec.terms[0]) & set(spec.terms[1]) & set(spec.output)
    dims = tuple(extents[label] for label in shared)
    if not dims or set(spec.terms[0]) <= set(spec.output):
        return Flops()
    return _often(1, dims)


def _bytes(node: ir.Node, survey: Survey) -> Flops:
    """Return the bytes that a node reads and writes; of a table or a row only what is taken."""
    total, spec = Flops(), survey.specs.get(node)
    if isinstance(spec, View) and list(spec.source) == sorted(set(spec.source) - {-1}):
        return Flops()  # the same elements in the same order: runtimes move nothing
    taken = isinstance(spec, Pick) or (isinstance(spec, Slices) and not spec.weight)
    read = node.outputs if taken else node.inputs
    for value in (*read, *node.outputs):
        fact = survey.values.get(value) if value is not None else None
        constant = value is not None and value.is_initializer()
        unread = isinstance(spec, Slices) if constant else value is None or survey.is_static(value)
        if value is None or fact is None or unread:
            continue
        dims = flat(fact.axes)
        total += grown(int(extent(dims, 1) * element_bytes(fact.dtype)), dims)
    return total
