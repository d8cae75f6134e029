"""Pooling over all places, `[N, C, H, W] -> [N, C, 1, 1]`: a mean or a maximum of each channel.

    GlobalAveragePool(x)  ->  ReduceMean<axes = 2, 3>(x)
    GlobalMaxPool(x)      ->  ReduceMax<axes = 2, 3>(x)

tf2onnx writes a reduction over all axes but two so, be it of a softmax's scores or a norm's rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mari_engine.axes import Slices, Spec, flat, positions
from mari_engine.ops.call import Call
from mari_engine.ops.decomposition_writer import Decompose, DecompositionWriter, Results
from mari_engine.ops.rule import Rule, Trait
from mari_engine.ops.spelling import Spelling, reduce_max, reduce_mean


def pooled(call: Call) -> Spec:
    """Return the factors of pooling over all axes but two, `[N, C, H, W] -> [N, C, 1, 1]`.

    https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html
    """
    axes, places = call.axes(0), positions(call.axes(0))
    over = frozenset(place for group in places[2:] for place in group)
    return Slices(
        operands=(axes,),
        results=((*axes[:2], *[()] * len(axes[2:])),),
        weight=1,
        terms=(tuple(range(len(flat(axes)))),),
        outputs=(places[0] + places[1],),
        mixed=over,
        work=flat(axes),
        once=over,
    )


def _reduced_by(spell: Callable[[Sequence[int], int], Spelling]) -> Decompose:
    """Return what writes pooling as a reduction, where its places are counted before the run."""

    def write(new: DecompositionWriter) -> Results:
        x = new.given(0)
        places = [] if x is None or x.shape is None else list(x.shape[2:])
        if not places or not all(isinstance(extent, int) and extent for extent in places):
            return None
        opset = new.model.graph.opset_imports.get("", 0)
        spelled = spell(range(2, 2 + len(places)), opset)
        lists = (new.integers(*each) for each in spelled.lists)
        return [new.emit(spelled.op, x, *lists, **spelled.attributes)]

    return write


_MEAN = _reduced_by(lambda axes, opset: reduce_mean(axes, opset, keepdims=True))
_MAXIMUM = _reduced_by(lambda axes, opset: reduce_max(axes, opset, keepdims=True))
_COMPOSITE = frozenset({Trait.COMPOSITE})

RULES = (
    Rule("GlobalAveragePool", pooled, decompose=_MEAN, traits=_COMPOSITE),
    Rule("GlobalMaxPool", pooled, decompose=_MAXIMUM, traits=_COMPOSITE),
)
