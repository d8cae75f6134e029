"""Labels checked against a model: each input has a role, its columns neither gap nor overlap."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from mari_engine.errors import LabelError
from mari_engine.graph import Model
from mari_engine.inputs import infer_ranges
from mari_engine.labeling.proposal import propose_labels, role_at
from mari_engine.labeling.volatility import check_volatile
from mari_engine.types import Column, InputLabel, Labels


def check_labels(model: Model, labels: Labels) -> None:
    """Return if the labels fit the model's inputs.

    Raises LabelError, naming the input or column, for an unknown or missing input, and for columns
    that overlap, leave a gap, leave the last axis, or stand on an input whose last axis is unknown;
    also where another feature than an item's is said to be volatile.
    """
    inputs = {value.name or "": value for value in model.ir.graph.inputs}
    for name in labels.inputs:
        if name not in inputs:
            known = ", ".join(sorted(inputs))
            raise LabelError(f"input {name!r} is not in the model; it has {known}")
    ranges = infer_ranges(model.ir, binding=True)
    for name, value in inputs.items():
        if name not in labels.inputs:
            raise LabelError(f"input {name!r} has no label; give it a role")
        label = labels.inputs[name]
        check_volatile(name, label)
        if label.columns:
            _check_columns(value, label.columns)
        for what, start, stop, given in _stated_ranges(name, label):
            _check_range(what, given, [ranges.get((name, at)) for at in range(start, stop)])
            _check_range(what, given, [ranges.get((name, None))])


def certain_labels(model: Model) -> Labels:
    """Return the proposed labels, if each is certain and some input is per candidate.

    Raises LabelError, naming the input in doubt, or that nothing would be left per candidate.
    """
    labels = propose_labels(model)
    for _, _, where, part in _doubts(labels):
        raise LabelError(
            f"{where}: its role is not certain ({_shown(part)}); run 'mari labels', confirm the "
            "file and pass it with --labels"
        )
    if labels.inputs and not any(label.per_candidate for label in labels.inputs.values()):
        raise LabelError(
            f"{model.name}: by names and graph every input is the request's, so that all "
            "candidates would get one score; run 'mari labels', label what differs among "
            "candidates and pass the file with --labels"
        )
    return labels


def check_answered(model: Model, labels: Labels) -> None:
    """Return if nobody has to be asked about the labels any more.

    A role of less than full confidence is doubt, unless it differs from what is proposed for the
    model: then a person has changed it. Raises LabelError naming the first input or column in doubt
    and how it is answered, and as `check_labels` does.
    """
    if labels.confidence >= 1:
        return
    check_labels(model, labels)
    proposed = propose_labels(model)
    for name, start, where, part in _doubts(labels):
        if part.role != role_at(proposed.inputs[name], start):
            continue
        raise LabelError(
            f"{where}: its role is still in doubt ({_shown(part)}); answer it in the labels (set "
            "'role', remove 'confidence'), or by logged requests: mari labels MODEL --request FILE"
        )


def _doubts(labels: Labels) -> Iterator[tuple[str, int, str, Column | InputLabel]]:
    """Yield what is less than certain: its input, its first column, both in words, and itself."""
    for name, label in labels.inputs.items():
        for part in label.columns or (label,):
            columns = f"[{part.start}:{part.stop}]" if isinstance(part, Column) else ""
            if part.confidence < 1:
                start = part.start if isinstance(part, Column) else 0
                yield name, start, f"input {name}{columns}", part


def _shown(part: Column | InputLabel) -> str:
    because = f": {part.evidence[0]}" if part.evidence else ""
    return f"{part.confidence:.0%} {part.role}{because}"


def _check_columns(value: ir.Value, columns: tuple[Column, ...]) -> None:
    extent = value.shape[-1] if value.shape else None
    where = f"input {value.name!r}"
    if not isinstance(extent, int):
        raise LabelError(f"{where}: its last axis has no known extent; label it as a whole")
    at = 0
    for column in sorted(columns, key=lambda item: item.start):
        if column.start < at:
            raise LabelError(f"{where}: column {column.start} is labelled twice; mend the ranges")
        if column.start > at:
            raise LabelError(f"{where}: columns {at} to {column.start} have no label; add them")
        at = column.stop
    if at < extent:
        raise LabelError(f"{where}: columns {at} to {extent} have no label; add them")
    if at > extent:
        raise LabelError(f"{where}: it has {extent} columns, the labels go to {at}; shorten them")


def _stated_ranges(
    name: str, label: InputLabel
) -> Iterator[tuple[str, int, int, tuple[float, float]]]:
    if label.range is not None:
        yield f"input {name!r}", 0, 0, label.range
    for column in label.columns:
        if column.range is not None:
            where = f"input {name!r} columns {column.start} to {column.stop}"
            yield where, column.start, column.stop, column.range


def _check_range(
    what: str, given: tuple[float, float], implied: list[tuple[int, int] | None]
) -> None:
    """Refuse a range with values that lie outside a table."""
    for bounds in implied:
        if bounds is not None and (given[0] < min(0, bounds[0]) or given[1] > bounds[1]):
            raise LabelError(
                f"{what}: range [{given[0]:g}, {given[1]:g}) leaves the table's "
                f"[{bounds[0]}, {bounds[1]}); narrow it"
            )
