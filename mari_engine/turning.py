"""Dimensions brought into another order, as runtimes do it fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import onnx_ir as ir

from mari_engine.forms import Dims
from mari_engine.layout import moves_one
from mari_engine.sizes import Dim

if TYPE_CHECKING:
    from mari_engine.emitting import Emitter


def turned(
    emitter: Emitter, tensor: ir.Value, pieces: Dims, order: Sequence[int],
    extents: Mapping[int, Dim],
) -> tuple[ir.Value, Dims]:  # fmt: skip
    """Return the tensor with its dimensions in another order, and these.

    Runtimes are slow to turn a large tensor inside and outside at once. So it is turned outside,
    in long runs, then inside, as a stack of matrices; without the reshape between the two,
    onnxruntime would make them one again.
    """
    last = len(order) - 1
    inside = order[last] != last and not moves_one(order)
    large = any(isinstance(extents[label], str) for group in pieces for label in group)
    if not (inside and large):
        whole = emitter.emit("Transpose", [tensor], {"perm": list(order)})
        return whole, tuple(pieces[at] for at in order)
    place, front = list(order).index(last), [at for at in order if at != last]
    outside = emitter.emit("Transpose", [tensor], {"perm": [*front, last]})
    before, behind = (
        tuple(label for at in part for label in pieces[at])
        for part in (front[:place], front[place:])
    )
    stack = tuple(group for group in (before, behind, pieces[last]) if group)
    matrices = emitter.reshape(outside, stack, extents)
    done = emitter.emit("Transpose", [matrices], {"perm": [0, 2, 1] if before else [1, 0]})
    return done, tuple(group for group in (before, pieces[last], behind) if group)
