"""What labels say of how often a feature changes, which no graph and no request can tell."""

from __future__ import annotations

from dataclasses import replace

from mari_engine.types import InputLabel, Labels


def keep_volatile(proposed: Labels, stated: Labels) -> Labels:
    """Return the proposal, volatile wherever the stated labels are, whole or in these columns."""
    inputs = dict(proposed.inputs)
    for name, label in stated.inputs.items():
        if name in inputs:
            inputs[name] = _marked(inputs[name], label)
    return Labels(inputs)


def _marked(label: InputLabel, stated: InputLabel) -> InputLabel:
    whole = stated.volatile or (not label.columns and any(c.volatile for c in stated.columns))
    spans = [(column.start, column.stop) for column in stated.columns if column.volatile]
    columns = tuple(
        replace(column, volatile=True)
        if whole or any(column.start < stop and start < column.stop for start, stop in spans)
        else column
        for column in label.columns
    )
    return replace(label, columns=columns, volatile=whole and not columns)
