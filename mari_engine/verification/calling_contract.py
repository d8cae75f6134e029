"""The calling contract, checked: names, order, types, shapes and symbols of inputs and outputs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import onnx_ir as ir

from mari_engine.graph import list_extents, name_dtype
from mari_engine.types import Signature
from mari_engine.verification.model_pair import ModelPair

_SYMBOL = re.compile(r"[A-Za-z_]\w*")

Extents = tuple[int | str, ...] | None
Described = tuple[str, str, Extents]


def compare_calling(pair: ModelPair) -> tuple[tuple[str, ...], str]:
    """Return what was compared, in words, and the first thing that is not as promised ("" if none).

    Drop-in: the inputs are the original's, name by name, with types, shapes and symbols. Compact
    and batched: they are the interface's. The outputs keep names, types and order in all; their
    shapes too, except that a per-request output may have one row for each request: `[1, M]`, or
    `[R, M]`, for `[N, M]`. A
    symbol that only outputs have is an exporter's name for an extent that it did not know.
    """
    own = describe_values(pair.original.ir.graph.inputs)
    outputs = _without_unknown(describe_values(pair.original.ir.graph.outputs), own)
    promised, free = own, frozenset[str]()
    if pair.signature != Signature.DROP_IN and pair.interface is not None:
        promised = [(item.name, item.dtype, item.shape) for item in pair.interface.inputs]
        free = pair.per_request_outputs
    graph = pair.optimized.ir.graph
    problem = _first_difference("input", promised, describe_values(graph.inputs))
    found = describe_values(graph.outputs)
    problem = problem or _first_difference("output", outputs, found, free_rows=free)
    whose = "the original" if promised == own else f"the {pair.signature} interface"
    words = (
        _equal(len(promised), "input", whose),
        _equal(len(outputs), "output", "the original"),
    )
    return ((), problem) if problem else (words, "")


def _equal(count: int, what: str, whose: str) -> str:
    if count == 1:
        return f"1 {what} is {whose}'s: name, order, type, shape and symbols"
    return f"{count} {what}s are {whose}'s: names, order, types, shapes and symbols"


def describe_values(values: Sequence[ir.Value]) -> list[Described]:
    """Return name, type and shape of graph inputs or outputs."""
    return [(v.name or "", name_dtype(v.dtype), list_extents(v.shape)) for v in values]


def _without_unknown(outputs: list[Described], inputs: list[Described]) -> list[Described]:
    """Return the outputs with "?" for each symbol that no input's shape can give."""
    given = " ".join(str(extent) for _, _, shape in inputs for extent in shape or ())

    def known(extent: int | str) -> int | str:
        names = _SYMBOL.findall(str(extent))
        return extent if all(name in _SYMBOL.findall(given) for name in names) else "?"

    return [
        (name, dtype, None if shape is None else tuple(map(known, shape)))
        for name, dtype, shape in outputs
    ]


def _first_difference(
    what: str,
    promised: list[Described],
    found: list[Described],
    *,
    free_rows: frozenset[str] = frozenset(),
) -> str:
    names, got = [item[0] for item in promised], [item[0] for item in found]
    if names != got:
        return f"the {what}s are {got}, {names} were promised"
    for (name, dtype, shape), (_, got_dtype, got_shape) in zip(promised, found, strict=True):
        if dtype != got_dtype:
            return f"{what} {name!r} has type {got_dtype}, {dtype} was promised"
        if name in free_rows and shape and got_shape:
            shape, got_shape = shape[1:], got_shape[1:]
        if not _agree(shape, got_shape):
            return f"{what} {name!r} has shape {got_shape}, {shape} was promised"
    return ""


def _agree(one: Extents, other: Extents) -> bool:
    """Return whether two shapes are the same wherever both are known; "?" is an unknown extent."""
    if one is None or other is None:
        return True
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(a == b or "?" in (a, b) for a, b in pairs)
