"""What labels say of how often a feature changes, which no graph and no request can tell."""

from __future__ import annotations

from dataclasses import replace

from mari_engine.errors import LabelError
from mari_engine.types import Column, InputLabel, Labels, Role


def check_volatile(name: str, label: InputLabel) -> None:
    """Return if what is stated to be volatile is of items; raises LabelError naming the other."""
    for part in label.columns or (label,):
        if part.volatile and part.role != Role.ITEM:
            columns = f" columns {part.start} to {part.stop}" if isinstance(part, Column) else ""
            raise LabelError(
                f"input {name!r}{columns}: 'volatile' is said of an item feature, and the role is "
                f"{part.role}; remove it, or mend the role"
            )


def keep_volatile(proposed: Labels, stated: Labels) -> Labels:
    """Return the proposal, volatile wherever the stated labels are, whole or in these columns.

    What is not proposed as an item feature is not marked.
    """
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
        if column.role == Role.ITEM
        and (whole or any(column.start < stop and start < column.stop for start, stop in spans))
        else column
        for column in label.columns
    )
    return replace(label, columns=columns, volatile=whole and label.role == Role.ITEM)
