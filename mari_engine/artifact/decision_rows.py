"""Decisions and the selection, read back from a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from mari_engine.types import (
    Action,
    BreakEven,
    Decision,
    Flops,
    JsonObject,
    Selection,
    Speedup,
    StackedLookups,
    Trial,
    Way,
)


def read_entries(entry: JsonObject, field: str) -> Iterator[JsonObject]:
    """Yield the objects of a list."""
    for at, row in enumerate(entry.items(field)):
        yield entry.entry(row, f"{entry.where}: {field} {at}")


def read_flops(entry: JsonObject, field: str) -> Flops:
    """Return the FLOPs in a field; one of before 2026-11-29 has none of pairs."""
    flops = entry.nested(field, f"{entry.where} {field}")
    each = flops.whole("per_request"), flops.whole("per_candidate")
    return Flops(*each, flops.whole("per_pair") if "per_pair" in flops.fields else 0)


def read_decision(row: JsonObject) -> Decision:
    """Return what became of one product."""
    return Decision(
        node=row.text("node"),
        op=row.text("op"),
        action=row.choice("action", Action),
        reason=row.text("reason"),
        flops_before=read_flops(row, "flops_before"),
        flops_after=read_flops(row, "flops_after"),
        new_nodes=tuple(row.items("new_nodes")),
        break_even=_break_even(row),
    )


def _break_even(entry: JsonObject) -> BreakEven | None:
    if entry.fields.get("break_even") is None:
        return None
    even = entry.nested("break_even", f"{entry.where} break_even")
    even.require("original", "split")
    original, split = (
        None if even.fields[name] is None else even.whole(name) for name in ("original", "split")
    )
    return BreakEven(original, split)


def read_selection(top: JsonObject) -> Selection | None:
    """Return how the way was chosen; None for an artifact of a version that did not write it."""
    if top.fields.get("selection") is None:
        return None
    entry = top.nested("selection", f"{top.where}: selection")
    return Selection(
        way=entry.choice("way", Way),
        chosen_by=entry.text("chosen_by"),
        reason=entry.text("reason"),
        trials=tuple(_trial(row) for row in read_entries(entry, "trials")),
        break_even=_break_even(entry),
        prices=entry.text("prices"),
        stacked=_stacked(entry),
    )


def _trial(row: JsonObject) -> Trial:
    timed = row.fields.get("measured") is not None
    measured = row.number("measured") if timed else None
    return Trial(row.choice("way", Way), row.number("expected"), measured, _speedup(row))


def _speedup(row: JsonObject) -> Speedup | None:
    """Return by how much a way was faster; None where it was not timed, or a version kept none."""
    if row.fields.get("speedup") is None:
        return None
    found = row.nested("speedup", f"{row.where} speedup")
    return Speedup(*(found.number(field.name) for field in fields(Speedup)))


def _stacked(entry: JsonObject) -> StackedLookups | None:
    """Return what became of lookups; None where none were stacked or a version wrote nothing."""
    if entry.fields.get("stacked") is None:
        return None
    found = entry.nested("stacked", f"{entry.where} stacked")
    return StackedLookups(*(found.whole(field.name) for field in fields(StackedLookups)))
