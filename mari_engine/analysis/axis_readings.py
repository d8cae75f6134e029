"""What labels and graph say of the candidates' axis of each input, with the evidence in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import onnx_ir as ir

from mari_engine.analysis.candidate_axis import (
    Reading,
    UnclearAxis,
    extent_names,
    read_candidates,
)
from mari_engine.analysis.fixed_counts import shared_counts
from mari_engine.analysis.mixed_rows import find_mixed_rows
from mari_engine.analysis.value_facts import survey_model
from mari_engine.errors import LabelError
from mari_engine.graph import Model
from mari_engine.types import FROM_GRAPH, CandidateAxis, Labels


@dataclass(frozen=True)
class AxisReading:
    """The candidates' axis of an input: a number, None for none, FROM_GRAPH where it is unclear."""

    axis: CandidateAxis
    evidence: tuple[str, ...] = ()
    """Empty where the labels state it."""


def propose_axes(model: Model, labels: Labels) -> Labels:
    """Return the labels with an axis, and its evidence, for each input for which none is stated.

    Where more than one reading is left, `axis` is FROM_GRAPH and the evidence names the axes.
    Raises LabelError for a stated axis that the input does not have.
    """
    found = read_axes(model, labels)
    return Labels(
        {
            name: replace(label, axis=found[name].axis, axis_evidence=found[name].evidence)
            if name in found and found[name].evidence
            else label
            for name, label in labels.inputs.items()
        }
    )


def read_axes(
    model: Model, labels: Labels, *, uncounted: bool = False
) -> Mapping[str, AxisReading]:
    """Return the candidates' axis of every input, as labels and graph tell it.

    With `uncounted` the names that most inputs have tell nothing: labels may be in doubt.
    """
    values = {value.name or "": value for value in model.ir.graph.inputs}
    try:
        reading = read_candidates(model, labels)
        if uncounted and reading.counted:
            raise UnclearAxis("only counts tell", _free_extents(values.values()))
    except UnclearAxis as unclear:
        read = {name: _unclear(value, unclear.extents) for name, value in values.items()}
    else:
        survey = survey_model(model, reading.symbols)
        symbols = survey.symbols
        read = {name: _clear(value, reading, symbols) for name, value in values.items()}
        mixed = find_mixed_rows(model, labels, survey)
        read |= {name: _mixed(node) for name, node in mixed.items()}
        if not symbols:
            read |= _of_numbers(model, labels)
    stated = {name: label.stated_axis for name, label in labels.inputs.items()}
    said = {name: AxisReading(axis) for name, axis in stated.items() if axis != FROM_GRAPH}
    return read | {name: said[name] for name in said if name in read}


def _free_extents(values: Iterable[ir.Value]) -> set[str]:
    return {name for value in values for name in extent_names(value) if name}


def _clear(value: ir.Value, reading: Reading, symbols: Collection[str]) -> AxisReading:
    dims = extent_names(value)
    found = [at for at, dim in enumerate(dims) if dim in symbols]
    if not symbols:
        return AxisReading(None, ("no input is per candidate along a free extent",))
    if not found:
        told = ", ".join(_shown(dim) for dim in sorted(reading.symbols))
        return AxisReading(None, (f"none of its axes is the candidates' ({told}, {reading.why})",))
    at, dim = found[0], dims[found[0]] or ""
    if dim in reading.symbols:
        return AxisReading(at, (f"axis {at} is {_shown(dim)}, {reading.why}",))
    told = ", ".join(_shown(other) for other in sorted(reading.symbols))
    text = f"axis {at} ({_shown(dim)}) is joined with the candidates' in the graph ({told})"
    return AxisReading(at, (f"{text}, {reading.why}",))


def _unclear(value: ir.Value, extents: Collection[str | int]) -> AxisReading:
    named = zip(extent_names(value), value.shape or (), strict=True)
    dims = [extent if isinstance(extent, int) else name or "" for name, extent in named]
    found = [f"{at} ({_shown(dim)})" for at, dim in enumerate(dims) if dim in extents and dim]
    if not found:
        return AxisReading(None, ("none of its axes is one that may hold the candidates",))
    axes = "axis " + " or ".join(found)
    text = f"the candidates may lie along {axes}, or along none; nothing in the graph tells"
    return AxisReading(FROM_GRAPH, (text,))


def _mixed(node: str) -> AxisReading:
    text = f"its rows are as many as the candidates, and {node} may not treat them alike"
    return AxisReading(FROM_GRAPH, (f"{text}: one row repeated, or a history",))


def _shown(dim: str | int) -> str:
    return "an extent without a name" if str(dim).startswith("?") else str(dim)


def fixed_axes(model: Model, labels: Labels) -> Mapping[str, int | None]:
    """Return the candidates' axis of each input whose extents are all numbers, as in `[1, 50, K]`.

    The number of candidates is the extent that labels state, or the rows of the per-candidate
    inputs; where those have one row, the one extent that they share and that all outputs have.
    Raises LabelError where several are.
    """
    axes: dict[str, int | None] = {}
    for name, found in _of_numbers(model, labels).items():
        if isinstance(found.axis, str):
            raise LabelError(
                f'input {name!r}: {found.evidence[0]}; state which with "axis" in labels.json'
            )
        axes[name] = found.axis
    return axes


def _of_numbers(model: Model, labels: Labels) -> dict[str, AxisReading]:
    shapes = {
        value.name or "": _extents(value)
        for value in model.ir.graph.inputs
        if value.name in labels.inputs and value.shape
    }
    stated = {name: labels.inputs[name].stated_axis for name in shapes}
    told = {
        shape[axis]
        for name, shape in shapes.items()
        if isinstance(axis := stated[name], int) and -len(shape) <= axis < len(shape)
    } - {0}
    shapes = {name: shape for name, shape in shapes.items() if told or all(shape)}
    rows = {name for name in shapes if labels.inputs[name].per_candidate}
    leading = told or {shapes[name][0] for name in rows} - {1}
    counts = leading or _borne_numbers(model, rows)
    if len(leading) > 1 or not (rows or told):
        return {}
    if len(counts) > 1:
        listed = " or ".join(map(str, sorted(counts)))
        text = f"the candidates may lie along the extent {listed}, which outputs have, too"
        return {name: AxisReading(FROM_GRAPH, (text,)) for name in rows}
    count = next(iter(counts), 1)
    return {
        name: _at_number(shape, count, stated[name], name in rows) for name, shape in shapes.items()
    }


def _extents(value: ir.Value) -> tuple[int, ...]:
    """Return the numbers in a shape; 0 for an extent that is free."""
    return tuple(extent if isinstance(extent, int) else 0 for extent in value.shape or ())


def _borne_numbers(model: Model, rows: Collection[str]) -> set[int]:
    """Return the extents that these inputs `[1, ...]` share and all outputs have."""
    outputs = [set(value.shape or ()) for value in model.ir.graph.outputs]
    return {count for count in shared_counts(model, rows) if all(count in out for out in outputs)}


def _at_number(
    shape: tuple[int, ...], count: int, stated: CandidateAxis, per_candidate: bool
) -> AxisReading:
    if not isinstance(stated, str):
        return AxisReading(stated if stated is None else stated % len(shape))
    found = [at for at, extent in enumerate(shape) if extent == count]
    if found and (found[0] == 0 or per_candidate):
        return AxisReading(
            found[0], (f"axis {found[0]} is the fixed number of candidates, {count}",)
        )
    return AxisReading(None, (f"none of its axes holds the {count} candidates",))
