"""A model as if every candidate came with a request's row of its own: `[N, K]` for `[1, K]`.

Several users in one batch are a function of rows then, f(u_n, x_n) for each candidate n, wherever
every op treats rows alone. That is shown here, by the declarations; all else is refused, since a
batch in which an op mixes rows would mix users. Nodes that repeat the request's one row do nothing
in this view, and are taken out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import RowProof, Survey
from mari_engine.axes import CANDIDATES, ONE_REQUEST, Unsupported, View, flat, is_one, positions
from mari_engine.errors import LabelError
from mari_engine.graph import Model, constant_array, forget_shapes, replace_node
from mari_engine.ops import Trait, has_trait, infer_types, spelling
from mari_engine.types import InputLabel, Labels


def view_rows(model: Model, labels: Labels, survey: Survey) -> Model:
    """Return the model with a row for each candidate in all request-side inputs.

    It is the model itself where they have such rows. Raises LabelError naming an input whose rows
    are not known.
    """
    _check_sides(labels)
    freed = [value.name for value in model.ir.graph.inputs if _is_freed(value, labels, survey)]
    if not freed:
        return model
    nodes = list(model.ir.graph)
    repeats = [at for at, node in enumerate(nodes) if _repeats_row(node, survey)]
    shown = [at for at, node in enumerate(nodes) if _shows_row(node, survey)]
    rows = next(_row_names(model.ir.graph, survey))
    copy = model.ir.clone()
    for value in copy.graph.inputs:
        if value.name in freed and value.shape is not None:
            value.shape = ir.Shape([rows, *list(value.shape)[1:]])
    twins = list(copy.graph)
    for at in shown:
        _show_rows(twins[at], copy.graph)
    for at in repeats:
        same = ir.node(spelling.identity().op, [twins[at].inputs[0]], name=twins[at].name)
        replace_node(twins[at], same)
    forget_shapes(copy)
    infer_types(copy)
    return Model(copy, model.name)


def _check_sides(labels: Labels) -> None:
    """Return if there is something of the request, and something of the candidates."""
    parts = [part for label in labels.inputs.values() for part in label.columns or (label,)]
    of_request = [part.role.per_request for part in parts if part.role is not None]
    if not any(of_request):
        raise LabelError(
            "no input is the request's, so that the model itself scores candidates of several "
            "requests in one call; it needs no --signature batched"
        )
    if all(of_request):
        raise refuse_batch("no input is the candidates'")


def check_rows_alone(model: Model, survey: Survey) -> None:
    """Return if a model of rows computes each output row from its own; LabelError naming a node."""
    try:
        RowProof(survey.values, survey.specs, survey.unknown).check(model.ir.graph)
    except Unsupported as reason:
        raise refuse_batch(f"{reason}, which may mix users") from reason
    for value in model.ir.graph.outputs:
        fact = survey.values.get(value)
        if value.is_graph_input() or fact is None or fact.axes[:1] != (ONE_REQUEST,):
            raise _rows_refusal(value)


def check_output_rows(model: Model, survey: Survey) -> None:
    """Return if each output of a model as it came has rows of candidates first, or one row.

    Raises LabelError naming one that has not: a view of rows gives it another shape.
    """
    for value in model.ir.graph.outputs:
        fact = survey.values.get(value)
        if fact is None or not fact.axes or CANDIDATES in flat(fact.axes[1:]):
            raise _rows_refusal(value)
        if fact.axes[0] != ONE_REQUEST and not is_one(fact.axes[0]):
            raise _rows_refusal(value)


def _rows_refusal(value: ir.Value) -> LabelError:
    return refuse_batch(f"the rows of output {value.name!r} are not the candidates")


def refuse_batch(reason: str) -> LabelError:
    """Return the error that says why several requests are no batch, and what to do."""
    return LabelError(
        f"several requests cannot be scored in one batch: {reason}; use --signature compact, one "
        "call for each request"
    )


def _row_names(graph: ir.Graph, survey: Survey) -> Iterator[str]:
    """Yield the names of the candidates' extent in the inputs' shapes."""
    for value in graph.inputs:
        for dim in value.shape or ():
            if isinstance(dim, ir.SymbolicDim) and dim.value in survey.symbols:
                yield str(dim.value)


def _is_freed(value: ir.Value, labels: Labels, survey: Survey) -> bool:
    """Return True for a request-side input of one row, False for one with the candidates' axis."""
    fact = survey.values.get(value)
    label = labels.inputs.get(value.name or "") or InputLabel()
    if fact is not None and CANDIDATES in flat(fact.axes):
        if fact.axes[0] == ONE_REQUEST and flat(fact.axes).count(CANDIDATES) == 1:
            return False
    elif not label.per_candidate and fact is not None and fact.axes and is_one(fact.axes[0]):
        return True
    whose = "candidates" if label.per_candidate else "requests (1 row, or one for each candidate)"
    raise refuse_batch(f"the rows of input {value.name!r} are not {whose}")


def _shows_row(node: ir.Node, survey: Survey) -> bool:
    """Return True for `[1, K] -> [1, k, m]` of a request's row, its shape written down."""
    if not has_trait(node, Trait.INFERS_EXTENTS) or node.attributes.get_int("allowzero", False):
        return False
    source, shape = node.inputs[:2]
    known = constant_array(shape)
    if source is None or known is None or not known.size or known[0] != 1:
        return False
    facts = [survey.values.get(value) for value in (source, node.outputs[0])]
    return all(
        fact is not None
        and fact.axes
        and is_one(fact.axes[0])
        and CANDIDATES not in flat(fact.axes)
        for fact in facts
    ) and not survey.is_static(source)


def _show_rows(node: ir.Node, graph: ir.Graph) -> None:
    """Let the first extent be that of the operand, which 0 stands for."""
    known = constant_array(node.inputs[1])
    assert known is not None
    tensor = ir.Tensor(np.concatenate([[0], known[1:]]).astype(np.int64))
    value = ir.Value(
        name=f"{node.name}_rows", const_value=tensor, type=ir.TensorType(ir.DataType.INT64),
        shape=ir.Shape(known.shape),
    )  # fmt: skip
    graph.register_initializer(value)
    node.replace_input_with(1, value)


def _repeats_row(node: ir.Node, survey: Survey) -> bool:
    """Return True for `[1, K] -> [N, K]`: one row for each candidate, and nothing else."""
    spec = survey.specs.get(node)
    if not isinstance(spec, View) or node.inputs[0] is None:
        return False
    source, fact = survey.values.get(node.inputs[0]), survey.values.get(node.outputs[0])
    if source is None or fact is None or len(source.axes) != len(fact.axes):
        return False
    repeated = ONE_REQUEST in fact.axes and CANDIDATES not in flat(source.axes)
    at = fact.axes.index(ONE_REQUEST) if repeated else -1
    if at < 0 or not is_one(source.axes[at]):
        return False
    places = positions(fact.axes)
    moved = [own for place, own in enumerate(spec.source) if place not in places[at]]
    return fact.axes[:at] + fact.axes[at + 1 :] == source.axes[:at] + source.axes[
        at + 1 :
    ] and moved == sorted(set(moved) - {-1})
