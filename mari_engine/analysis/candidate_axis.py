"""The candidate axis: along which axis of each input the candidates of a request lie.

Labels may state it (`axis` in labels.json). Where they do not, it is read off the graph, if the
graph leaves one reading only: the extent that all per-candidate inputs share and that the rows of
an output bear. A request-side input is cut to one row along that extent and along no other, so
that the length of a history, or the number of users in a batch, is never taken for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import onnx_ir as ir

from mari_engine.analysis.value_facts import Survey, survey_model, symbol_of
from mari_engine.axes import CANDIDATES, flat
from mari_engine.errors import LabelError
from mari_engine.graph import Model
from mari_engine.types import InputLabel, Labels

Names = tuple[str | None, ...]
"""The names of an input's extents by axis; None for a number."""


def survey_by_labels(model: Model, labels: Labels) -> Survey:
    """Return the survey of a model whose candidates lie where the labels and the graph say.

    `Survey.symbols` are then all names of the candidates' extent: those of `candidate_symbols`,
    and those that the graph shows to be the same extent.
    """
    return survey_model(model, candidate_symbols(model, labels))


def candidate_symbols(model: Model, labels: Labels) -> frozenset[str]:
    """Return the names of the candidates' extent among the shapes of the per-candidate inputs.

    Empty where no input is per candidate: nothing holds candidates then. Raises LabelError where
    more than one reading is left, naming the input and its axes.
    """
    inputs = {value.name or "": _names(value) for value in model.ir.graph.inputs}
    if not labels.inputs:
        return _most_common(inputs)
    rows = {name: dims for name, dims in inputs.items() if _varies(labels.inputs.get(name))}
    stated = frozenset(
        dim
        for name, dims in inputs.items()
        if (dim := _stated(name, dims, labels.inputs.get(name))) is not None
    )
    if stated:
        return stated
    fixed = {name for name, label in labels.inputs.items() if label.axis is None}
    free = {name: set(filter(None, dims)) for name, dims in rows.items() if name not in fixed}
    free = {name: dims for name, dims in free.items() if dims}
    if not free:
        return frozenset()
    shared = set.intersection(*free.values())
    if len(shared) == 1:
        return frozenset(shared)
    if shared:
        return frozenset({_borne(model, sorted(shared), rows)})
    return _of_unlike_names(model, {name: rows[name] for name in free})


def _of_unlike_names(model: Model, rows: Mapping[str, Names]) -> frozenset[str]:
    """Return the candidates' extent where the per-candidate inputs name it differently."""
    leading = [dims[0] for dims in rows.values() if dims and dims[0]]
    told = sorted({dim for dim in leading if _in_outputs(model, dim)})
    if len(told) == 1:
        return frozenset(told)
    single = all(sum(dim is not None for dim in dims) == 1 for dims in rows.values())
    if not told and single and len(leading) == len(rows):
        counts = Counter(leading)
        most = max(counts.values())
        return frozenset(dim for dim in leading if counts[dim] == most)
    found = told or sorted(set(leading))
    raise LabelError(
        f"the inputs {_listed(sorted(rows))} name different extents for their rows "
        f"({_listed(found)}), and no output says which of them are the candidates; state "
        '"axis" for each of these inputs in labels.json'
    )


def _borne(model: Model, shared: Sequence[str], rows: Mapping[str, Names]) -> str:
    """Return the one of several shared extents that the rows of an output bear."""
    named = [dim for dim in shared if _in_outputs(model, dim)]
    found = named or [dim for dim in shared if _reaches_outputs(model, dim)]
    if len(found) == 1:
        return found[0]
    name, dims = min(rows.items())
    axes = " and ".join(f"{at} ({dim})" for at, dim in enumerate(dims) if dim in shared)
    raise LabelError(
        f"input {name!r}: the candidates may lie along its axes {axes}; state which with "
        '"axis" in labels.json (one user a request)'
    )


def _in_outputs(model: Model, name: str) -> bool:
    return any(name in _names(value) for value in model.ir.graph.outputs)


def _reaches_outputs(model: Model, name: str) -> bool:
    """Return True where an output's rows follow an extent, by the declarations of all ops."""
    survey = survey_model(model, frozenset({name}))
    facts = [survey.values.get(value) for value in model.ir.graph.outputs]
    return any(fact is not None and CANDIDATES in flat(fact.axes) for fact in facts)


def _stated(name: str, dims: Names, label: InputLabel | None) -> str | None:
    """Return the name of the extent along which the label says that candidates lie."""
    if label is None or not isinstance(label.axis, int):
        return None
    if not -len(dims) <= label.axis < len(dims):
        raise LabelError(
            f"input {name!r}: axis {label.axis} is stated, but it has {len(dims)} axes; state one "
            "of them, or null"
        )
    return dims[label.axis]


def _varies(label: InputLabel | None) -> bool:
    """Return True for an input that holds something per candidate, or has no label."""
    return label is None or label.per_candidate or (label.role is None and not label.columns)


def _most_common(inputs: Mapping[str, Names]) -> frozenset[str]:
    """Return the leading extent that most inputs share: the reading of a model without labels."""
    leading = [dims[0] for dims in inputs.values() if dims and dims[0]]
    every = Counter(dim for dims in inputs.values() for dim in set(filter(None, dims)))
    if not every:
        return frozenset()
    order = sorted(every, key=lambda dim: (-leading.count(dim), -every[dim], dim not in leading))
    unlike = len(set(leading)) == len(leading) > 1 and every[order[0]] == 1
    return frozenset(leading if unlike else order[:1])


def _names(value: ir.Value) -> Names:
    return tuple(symbol_of(value, at) for at in range(len(value.shape or ())))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
