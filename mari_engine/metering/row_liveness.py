"""Liveness: which elements of each value any output reads, from the outputs backwards.

A transformer over a history that is read at the target alone makes rows that nothing reads: by the
declarations of single ops, at the extents of a run, these are found element by element.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Index, Join, Pick, Spec
from mari_engine.graph import captured_values
from mari_engine.metering.laid_elements import extents_of, joined_place, spread, unpicked
from mari_engine.metering.multiplications import Factors, Multiplication
from mari_engine.metering.run_declarations import Declared
from mari_engine.metering.variation import Array, Mask

Live = Mapping[ir.Value, Mask]
"""By value: the elements that are read, flat. What is left out is read whole, or not at all."""
Positions = Mapping[int, Index]
"""By label of a product: the places along it at which some element of its results is read."""


def find_live(graph: ir.Graph, specs: Declared) -> Live:
    """Return the elements that are read of each value of which not all are.

    What an op without a declaration reads is read whole, and so is what a body captures.
    """
    live = dict[ir.Value, Mask]()
    whole = set(graph.outputs)
    for node in reversed(list(graph)):
        whole.update(captured_values(node))
        if not any(value in whole or value in live for value in node.outputs):
            continue
        spec = specs.get(node)
        results = [None if value in whole else live.get(value) for value in node.outputs]
        unread = [value not in whole and value not in live for value in node.outputs]
        for at, value in enumerate(node.inputs):
            if value is None or value in whole:
                continue
            mask = None if spec is None else _read(spec, at, results, unread)
            if mask is None or mask.all():
                whole.add(value)
            else:
                live[value] = live[value] | mask if value in live else mask
    return {value: mask for value, mask in live.items() if value not in whole and not mask.all()}


def live_positions(work: Multiplication, results: Sequence[Mask | None]) -> Positions:
    """Return the places of a product's labels at which some result is read.

    `results` are the live elements of each, None where all are. Labels of which all places are
    read are left out.
    """
    found = dict[int, Index]()
    masks = list(zip(work.results, results, strict=False))
    if any(mask is None for _, mask in masks):
        return found
    for label, extent in work.extents.items():
        if label in work.summed or any(f.labels.count(label) != 1 for f, _ in masks):
            continue
        read = np.zeros(extent, np.bool_)
        for factors, mask in masks:
            assert mask is not None
            axis = factors.labels.index(label)
            others = tuple(at for at in range(len(factors.labels)) if at != axis)
            read |= mask.reshape(factors.extents).any(others)
        if not read.all():
            found[label] = np.flatnonzero(read)
    return found


def keep_live(array: Array, factors: Factors, live: Positions) -> Array:
    """Return an operand's elements by its labels, at the live places of each."""
    laid = array.reshape(factors.extents)
    for axis, label in enumerate(factors.labels):
        if label in live:
            laid = np.take(laid, live[label], axis)
    return laid


def without_unread(work: Multiplication, live: Positions) -> Multiplication:
    """Return a product without the places along its labels that nothing reads."""
    extents = {label: len(live.get(label, range(n))) for label, n in work.extents.items()}
    return replace(work, extents=extents)


def _read(
    spec: Spec, at: int, results: Sequence[Mask | None], unread: Sequence[bool]
) -> Mask | None:
    """Return which elements of operand `at` are read, flat; None for all."""
    known = at < len(spec.operands) and spec.operands[at] is not None
    if not known or len(spec.results) < len(results):
        return None
    extents = extents_of(spec.axes(at))
    found = np.zeros(extents, np.bool_)
    for number, mask in enumerate(results):
        if unread[number]:
            continue
        shape = extents_of(spec.results[number])
        laid = np.ones(shape, np.bool_) if mask is None else mask.reshape(shape)
        own = _read_by_result(spec, at, number, laid)
        if own is None:
            return None
        found |= own
    return found.ravel()


def _read_by_result(spec: Spec, at: int, number: int, live: Mask) -> Mask | None:
    if isinstance(spec, Pick):
        return unpicked(spec, number, live) if at == 0 else None
    if isinstance(spec, Join):
        start, stop = joined_place(spec, spec.position, at)
        return np.take(live, np.arange(start, stop), spec.position)
    terms, outputs = spec.labels()
    own, output = terms[at], outputs[number]
    alone = [label for label in own or () if label >= 0]
    if own is None or len({*alone}) < len(alone) or len({*output}) < len(output):
        return None
    extents = extents_of(spec.axes(at))
    kept = set(alone) - spec.mixing()
    lost = tuple(place for place, label in enumerate(output) if label not in kept)
    left = tuple(label for label in output if label in kept)
    numbered = tuple(label if label in left else -2 - place for place, label in enumerate(own))
    return np.broadcast_to(spread(np.asarray(live.any(lost)), left, numbered), extents)
