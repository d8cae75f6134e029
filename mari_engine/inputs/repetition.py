"""Row repetition: which inputs are repeated, `[1, K] -> [N, K]`, for the rows of which others.

A one-shot export computes the user side at one row and repeats it for every candidate: with
Expand, Tile, a lookup of row 0, or a product with ones. The repeated inputs are per request, and
those whose row count they take on are per candidate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.inputs.column_tracing import WHOLE, Traces, packed_width
from mari_engine.ops import Trait, has_trait

Unit = tuple[int, int]
"""The number of a graph input, and a column of it or WHOLE."""


@dataclass(frozen=True)
class Repetition:
    """The units that a node repeats, and the units whose rows it repeats them for."""

    repeated: frozenset[Unit]
    rows_of: frozenset[Unit]


@dataclass(frozen=True)
class _Origin:
    """What a value depends on: bit sets of units whose elements, and whose extents, reach it."""

    numbers: int = 0
    extents: int = 0


def find_repetitions(model: ir.Model, traces: Traces) -> tuple[Repetition, ...]:
    """Return every place of the main graph where one row is repeated for the rows of others."""
    units = [
        (number, column)
        for number, value in enumerate(model.graph.inputs)
        for column in _columns(value)
    ]
    bits = {unit: 1 << at for at, unit in enumerate(units)}
    origins = {
        value: _Origin(sum(bits[number, column] for column in _columns(value)))
        for number, value in enumerate(model.graph.inputs)
    }
    found: list[Repetition] = []
    inner = _inner_symbols(model)
    for node in model.graph:
        known = [origins.get(value, _Origin()) for value in node.inputs if value is not None]
        for repeated, rows in _repeats(node, origins, inner):
            found.append(Repetition(_members(repeated, units), _members(rows, units)))
        for value in node.outputs:
            origins[value] = _origin_of(node, known)
            if value in traces:
                exact = zip(traces[value].inputs, traces[value].columns, strict=True)
                numbers = _join(bits[int(number), int(column)] for number, column in exact)
                origins[value] = _Origin(numbers, origins[value].extents)
    return tuple(found)


def _columns(value: ir.Value) -> list[int]:
    width = packed_width(value)
    return [WHOLE] if width is None else list(range(width))


def _members(bits: int, units: list[Unit]) -> frozenset[Unit]:
    return frozenset(unit for at, unit in enumerate(units) if bits >> at & 1)


def _join(bits: Iterator[int]) -> int:
    joined = 0
    for bit in bits:
        joined |= bit
    return joined


def _origin_of(node: ir.Node, known: list[_Origin]) -> _Origin:
    numbers = _join(origin.numbers for origin in known)
    extents = _join(origin.extents for origin in known)
    if has_trait(node, Trait.SHAPE_ONLY, Trait.FILLING):
        return _Origin(0, numbers | extents)
    if has_trait(node, Trait.REPEATING) and known:
        return _Origin(known[0].numbers, numbers | extents)
    return _Origin(numbers, extents)


def _repeats(
    node: ir.Node, origins: dict[ir.Value, _Origin], inner: frozenset[str]
) -> Iterator[tuple[int, int]]:
    """Yield the units that a node repeats, and those whose extents say how often."""
    looks_up, broadcasts = has_trait(node, Trait.ROW_LOOKUP), has_trait(node, Trait.BROADCASTING)
    repeats = looks_up or broadcasts or has_trait(node, Trait.REPEATING)
    if not repeats or len(node.inputs) != 2:
        return
    for value, other in (tuple(node.inputs), tuple(reversed(node.inputs))):
        if value is None or other is None:
            continue
        origin, rows = origins.get(value, _Origin()), origins.get(other, _Origin())
        first = value is node.inputs[0]
        if looks_up:
            fits = first and node.attributes.get_int("axis", 0) == 0 and bool(value.shape)
        else:
            fits = _is_one_row(value, inner) and (first or broadcasts)
        by_extent_only = rows.numbers == 0 and rows.extents & ~origin.numbers
        if fits and origin.numbers and by_extent_only:
            yield origin.numbers, rows.extents & ~origin.numbers


def _is_one_row(value: ir.Value, inner: frozenset[str]) -> bool:
    """Return True when a value has one row, and no extent that might be that of the candidates."""
    if value.shape is None or not value.shape or value.shape[0] != 1:
        return False
    return all(isinstance(extent, int) or str(extent.value) in inner for extent in value.shape)


def _inner_symbols(model: ir.Model) -> frozenset[str]:
    """Return the symbols that no input has for its rows: lengths, not batches."""
    rows: set[str] = set()
    inner: set[str] = set()
    for value in model.graph.inputs:
        for at, extent in enumerate(value.shape or ()):
            if not isinstance(extent, int):
                (inner if at else rows).add(str(extent.value))
    return frozenset(inner - rows)
