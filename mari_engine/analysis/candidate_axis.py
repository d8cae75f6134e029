"""The candidate axis: along which axis of each input the candidates of a request lie.

Labels may state it (`axis` in labels.json). Where they do not, it is read off the graph, if the
graph leaves one reading only: the extent that all per-candidate inputs share and that the rows of
an output bear. A request-side input is cut to one row along that extent and along no other, so
that the length of a history, or the number of users in a batch, is never taken for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.analysis.fixed_counts import counts_beside
from mari_engine.analysis.mixed_rows import check_rows
from mari_engine.analysis.value_facts import Survey, survey_model, symbol_of
from mari_engine.axes import CANDIDATES, flat
from mari_engine.errors import LabelError
from mari_engine.graph import Model
from mari_engine.types import InputLabel, Labels

Names = tuple[str | None, ...]
"""The names of an input's extents by axis; None for a number."""


class UnclearAxis(LabelError):
    """More than one reading is left; `extents` are those in question: names, and numbers."""

    def __init__(self, text: str, extents: Collection[str | int]) -> None:
        super().__init__(text)
        self.extents = frozenset(extents)


@dataclass(frozen=True)
class Reading:
    """The names of the candidates' extent in the inputs' shapes, and what tells so, in words.

    No name where no input holds candidates along a free extent.
    """

    symbols: frozenset[str]
    why: str = ""
    counted: bool = False
    """True where names differ and no output tells: then the most frequent was taken."""


def survey_by_labels(model: Model, labels: Labels, *, several_users: bool = False) -> Survey:
    """Return the survey of a model whose candidates lie where the labels and the graph say.

    `Survey.symbols` are then all names of the candidates' extent: those of `candidate_symbols`,
    and those that the graph shows to be the same extent. Raises LabelError where a label names
    another axis, where a request-side input may be a history as long as there are candidates (see
    `check_rows`), and as `read_candidates` does, which tells of `several_users`.
    """
    reading = read_candidates(model, labels, several_users=several_users)
    survey = survey_model(model, reading.symbols)
    for value in model.ir.graph.inputs:
        label = labels.inputs.get(value.name or "")
        if label is not None and survey.symbols:
            _check_axis(value, label, survey.symbols)
    check_rows(model, labels, survey)
    return survey


def candidate_symbols(model: Model, labels: Labels) -> frozenset[str]:
    """Return the names of the candidates' extent among the shapes of the per-candidate inputs.

    Empty where no input is per candidate: nothing holds candidates then. Raises LabelError where
    more than one reading is left, naming the input and its axes.
    """
    return read_candidates(model, labels).symbols


def read_candidates(model: Model, labels: Labels, *, several_users: bool = False) -> Reading:
    """Return the candidates' extent and what tells it; raises UnclearAxis where it is left open.

    A free extent beside a fixed number of candidates may be that of several users. With
    `several_users` it is then taken for that, which is always true to the labels, and not asked.
    """
    inputs = {value.name or "": extent_names(value) for value in model.ir.graph.inputs}
    if not labels.inputs:
        return Reading(_most_common(inputs), "which most inputs have")
    rows = {name: dims for name, dims in inputs.items() if _varies(labels.inputs.get(name))}
    told = {name: _stated(name, dims, labels.inputs.get(name)) for name, dims in inputs.items()}
    stated = {name: dim for name, dim in told.items() if dim is not None}
    if stated:
        return Reading(frozenset(stated.values()), f"that is stated for {_listed(sorted(stated))}")
    if _states_number(model, labels, rows):
        return Reading(frozenset())
    reading = _read_names(model, labels, rows)
    counts = _counts_of_users(model, reading, rows)
    if counts and several_users:
        return Reading(frozenset())
    if counts:
        name = min(reading.symbols)
        raise UnclearAxis(
            f"the inputs {_listed(sorted(rows))} share the extents {name!r} and {counts[0]}, which "
            f"outputs have, too: {name!r} may be the candidates, or users with {counts[0]} "
            'candidates each; state the "axis" of the candidates in labels.json',
            [*reading.symbols, *counts],
        )
    return reading


def _read_names(model: Model, labels: Labels, rows: Mapping[str, Names]) -> Reading:
    """Return the candidates' extent as the names of extents tell it, where no label states it."""
    fixed = {name for name, label in labels.inputs.items() if label.stated_axis is None}
    free = {name: set(filter(None, dims)) for name, dims in rows.items() if name not in fixed}
    free = {name: dims for name, dims in free.items() if dims}
    if not free:
        return Reading(frozenset())
    shared = set.intersection(*free.values())
    if len(shared) == 1:
        return _shared(model, next(iter(shared)), rows)
    if shared:
        return _borne(model, sorted(shared), rows)
    return _of_unlike_names(model, {name: rows[name] for name in free})


def _states_number(model: Model, labels: Labels, rows: Mapping[str, Names]) -> bool:
    """Return True where a per-candidate input's stated axis is a fixed number of candidates."""
    stated = {name: label.stated_axis for name, label in labels.inputs.items() if name in rows}
    shapes = {value.name: value.shape or () for value in model.ir.graph.inputs}
    return any(isinstance(axis, int) and shapes[name][axis] != 1 for name, axis in stated.items())


def _counts_of_users(model: Model, reading: Reading, rows: Mapping[str, Names]) -> list[int]:
    """Return fixed numbers of candidates beside a free extent that request-side inputs have, too.

    Without such an input nothing is cut along that extent, whatever it stands for.
    """
    counts = sorted(counts_beside(model, reading.symbols, rows.keys()))
    if not counts:
        return []
    symbols = survey_model(model, reading.symbols).symbols
    others = [v for v in model.ir.graph.inputs if v.name not in rows]
    return counts if any(not symbols.isdisjoint(extent_names(v)) for v in others) else []


def _shared(model: Model, name: str, rows: Mapping[str, Names]) -> Reading:
    """Return the one extent that all per-candidate inputs share, unless outputs bear another."""
    if _in_outputs(model, name) or _reaches_outputs(model, name):
        return Reading(frozenset({name}), "which all inputs per candidate and an output have")
    others = sorted({dim for dims in rows.values() for dim in dims if dim} - {name})
    borne = [dim for dim in others if _in_outputs(model, dim) or _reaches_outputs(model, dim)]
    if not borne:
        return Reading(frozenset({name}), "which all inputs per candidate share")
    raise UnclearAxis(
        f"the inputs {_listed(sorted(rows))} share the extent {name!r}, and an output has "
        f"{_listed(borne)} instead: it is not clear along which the candidates lie; state "
        '"axis" in labels.json, or the role user for what is the same for all candidates',
        [name, *borne],
    )


def _of_unlike_names(model: Model, rows: Mapping[str, Names]) -> Reading:
    """Return the candidates' extent where the per-candidate inputs name it differently."""
    leading = [dims[0] for dims in rows.values() if dims and dims[0]]
    told = sorted({dim for dim in leading if _in_outputs(model, dim)})
    if len(told) == 1:
        return Reading(frozenset(told), "which the rows of an output bear")
    single = all(sum(dim is not None for dim in dims) == 1 for dims in rows.values())
    if not told and single and len(leading) == len(rows):
        counts = Counter(leading)
        most = max(counts.values())
        names = frozenset(dim for dim in leading if counts[dim] == most)
        return Reading(names, "the only free one of the inputs per candidate", counted=True)
    found = told or sorted(set(leading))
    raise UnclearAxis(
        f"the inputs {_listed(sorted(rows))} name different extents for their rows "
        f"({_listed(found)}), and no output says which of them are the candidates; state "
        '"axis" for each of these inputs in labels.json',
        [dim for dims in rows.values() for dim in dims if dim],
    )


def _borne(model: Model, shared: Sequence[str], rows: Mapping[str, Names]) -> Reading:
    """Return the one of several shared extents that the rows of an output bear."""
    named = [dim for dim in shared if _in_outputs(model, dim)]
    found = named or [dim for dim in shared if _reaches_outputs(model, dim)]
    if len(found) == 1:
        return Reading(frozenset(found), "which the rows of an output bear")
    name, dims = min(rows.items())
    axes = " and ".join(f"{at} ({dim})" for at, dim in enumerate(dims) if dim in shared)
    raise UnclearAxis(
        f"input {name!r}: the candidates may lie along its axes {axes}; state which with "
        '"axis" in labels.json (one user a request)',
        found or shared,
    )


def _in_outputs(model: Model, name: str) -> bool:
    return any(name in extent_names(value) for value in model.ir.graph.outputs)


def _reaches_outputs(model: Model, name: str) -> bool:
    """Return True where an output's rows follow an extent, by the declarations of all ops."""
    survey = survey_model(model, frozenset({name}))
    facts = [survey.values.get(value) for value in model.ir.graph.outputs]
    return any(fact is not None and CANDIDATES in flat(fact.axes) for fact in facts)


def _stated(name: str, dims: Names, label: InputLabel | None) -> str | None:
    """Return the name of the extent along which the label says that candidates lie."""
    axis = None if label is None else label.stated_axis
    if not isinstance(axis, int):
        return None
    if not -len(dims) <= axis < len(dims):
        raise LabelError(
            f"input {name!r}: axis {axis} is stated, but it has {len(dims)} axes; state one "
            "of them, or null"
        )
    return dims[axis]


def _check_axis(value: ir.Value, label: InputLabel, symbols: Collection[str]) -> None:
    """Refuse an axis that is not the candidates': a stated null, or a proposal that is out of date.

    A stated number needs no check: it makes its extent the candidates'.
    """
    dims = extent_names(value)
    found = [at for at, dim in enumerate(dims) if dim in symbols]
    where = f"input {value.name!r}"
    if label.stated_axis is None and found:
        raise LabelError(
            f"{where}: axis null is stated, but its axis {found[0]} ({dims[found[0]]}) is as long "
            f"as there are candidates; state {found[0]}, or name that extent otherwise in the model"
        )
    if not label.axis_evidence or isinstance(label.axis, str):
        return
    fits = label.axis in found or (label.axis is None and not found)
    if not fits:
        proposed = "null" if label.axis is None else label.axis
        raise LabelError(
            f"{where}: axis {proposed} stands there as a proposal, but with these roles the "
            f"candidates lie along {found[0] if found else 'none of its axes'}; correct 'axis' and "
            "remove 'axis_evidence', or propose anew: mari labels MODEL --labels FILE"
        )


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


def extent_names(value: ir.Value) -> Names:
    """Return the names of a value's extents by axis; None for a number."""
    return tuple(symbol_of(value, at) for at in range(len(value.shape or ())))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
