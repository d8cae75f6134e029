"""Attention of opset 23 and later: `softmax(c Q K^T + bias) V`, for each of the N slices alone.

https://onnx.ai/onnx/operators/onnx__Attention.html
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes, Spec, Unsupported, flat, static
from mari_engine.ops.batched_labels import (
    LEFT_OUT,
    BatchedLabels,
    Labeled,
    as_slices,
    common_batch,
    length_with_past,
)
from mari_engine.ops.branches import ATTENDED
from mari_engine.ops.call import Call
from mari_engine.ops.decomposition_writer import DecompositionWriter, Results
from mari_engine.ops.dot_product_attention import (
    additive,
    capped_scores,
    causal_keys,
    extent_of,
    head_width,
    in_all,
    join_heads,
    known_extent,
    places,
    repeat_heads,
    rows_with_keys,
    rows_with_scores,
    scaled_products,
    score_flops,
    softmax_weights,
    split_heads,
    total_bias,
    usual_scale,
    weighted_values,
    width_of,
)
from mari_engine.ops.rule import PRODUCT, Rule, Trait

_KNOWN = frozenset({
    "is_causal", "kv_num_heads", "q_num_heads", "qk_matmul_output_mode", "scale", "softcap",
    "softmax_precision",
})  # fmt: skip
_WEIGHTS = 3
"""The mode in which the scores that are asked for are those behind the softmax."""


def standard_attention(call: Call) -> Spec:
    """Return the factors of Attention: the batch, and rows of Q that see all keys, are alone."""
    _check_attributes(call.attributes)
    q, k, v = call.axes(0), call.axes(1), call.axes(2)
    if not len(q) == len(k) == len(v) or len(q) not in (3, 4):
        raise Unsupported("operands that are not all of rank 3, or of rank 4")
    at = len(q) - 2
    causal = bool(call.attribute("is_causal", 0))
    labels = BatchedLabels(common_batch(q, k, v), q[at], rows_alone=not causal)
    operands: list[Labeled] = [labels.operand(q, rows=at), labels.operand(k), labels.operand(v)]
    for index, fact in enumerate(call.operands[3:], 3):
        if fact is None:
            operands.append(LEFT_OUT)
        elif index == 3:
            rank = len(fact.axes)
            operands.append(labels.operand(fact.axes, batch=rank - 4, rows=rank - 2))
        else:
            operands.append(labels.operand(fact.axes))
    heads, kv_heads = _heads(call, q, 0, "q"), _heads(call, k, 1, "kv")
    key_width, value_width = _head_width(k, kv_heads), _head_width(v, kv_heads)
    total = length_with_past(call, 4, k[at])
    per_head = (labels.batch, (heads,), q[at], (value_width,))
    result = per_head if at == 2 else (labels.batch, q[at], (heads * value_width,))
    made = [
        labels.result(result, rows=at),
        labels.result((labels.batch, (kv_heads,), total, (key_width,))),
        labels.result((labels.batch, (kv_heads,), total, (value_width,))),
        labels.result((labels.batch, (heads,), q[at], total), rows=2),
    ][: call.outputs]
    scores = flat((labels.batch, (heads,), q[at], total))
    weight = score_flops(key_width + value_width)
    return as_slices(operands, made, labels, weight=weight, work=scores)


def _check_attributes(given: object) -> None:
    assert hasattr(given, "__iter__")
    unknown = sorted(set(given) - _KNOWN)
    if unknown:
        raise Unsupported(f"its attribute {unknown[0]} is not known")


def _heads(call: Call, axes: Axes, operand: int, prefix: str) -> int:
    heads = static(axes[1]) if len(axes) == 4 else int(call.attribute(f"{prefix}_num_heads", 0))
    if not heads:
        raise Unsupported(f"the number of heads of operand {operand} is not known")
    return heads


def _head_width(axes: Axes, heads: int) -> int:
    width = static(axes[-1])
    if width is None:
        raise Unsupported("heads of unknown width")
    return width if len(axes) == 4 else width // heads


# --- in standard ops


def write_attention(new: DecompositionWriter) -> Results:
    """Return `Y`, the keys and values of past and present, and the scores as they are asked for."""
    _check_attributes(new.node.attributes)
    query, key, value, heads, kv_heads = _by_head(new)
    past = new.given(4)
    if past is not None:
        key = new.emit("Concat", past, key, axis=2)
        value = new.emit("Concat", new.given(5), value, axis=2)
    width = head_width(new.given(0), heads)
    every_key, every_value = (
        repeat_heads(new, each, kv_heads, heads // kv_heads, head_width(new.given(at), kv_heads))
        for at, each in ((1, key), (2, value))
    )
    scale = new.attribute("scale", None)
    products = scaled_products(
        new, query, every_key, usual_scale(width) if scale is None else float(scale)
    )
    cap = float(new.attribute("softcap", 0.0))
    capped = capped_scores(new, products, cap)
    bias, seeing = _bias(new, query, key)
    biased, weights = softmax_weights(new, capped, bias, _precision(new))
    mode = int(new.attribute("qk_matmul_output_mode", 0))
    if seeing is not None and mode == _WEIGHTS and len(new.node.outputs) > 3:
        weights = new.emit("Where", seeing, weights, new.number(0.0, new.given(0)))
        seeing = None
    result = weighted_values(new, weights, every_value, seeing)
    if _rank(new) == 3:
        result = join_heads(new, result, heads * head_width(new.given(2), kv_heads))
    asked = {0: products, 1: capped, 2: None if _lowers(new) else biased, _WEIGHTS: weights}
    return [result, key, value, asked.get(mode)]


def _lowers(new: DecompositionWriter) -> bool:
    """Return True where scores are kept away: onnxruntime then gives its least number, not -inf."""
    mask = new.given(3)
    boolean = mask is not None and mask.dtype == ir.DataType.BOOL
    return boolean or bool(new.attribute("is_causal", 0)) or new.given(6) is not None


def _rank(new: DecompositionWriter) -> int:
    ranks = {
        None if value is None or value.shape is None else len(value.shape)
        for value in new.node.inputs[:3]
    }
    if len(ranks) != 1 or not ranks <= {3, 4}:
        raise Unsupported("the rank of an operand is not known")
    return int(ranks.pop() or 0)


def _by_head(
    new: DecompositionWriter,
) -> tuple[ir.Value, ir.Value, ir.Value, int, int]:
    """Return Q, K and V as `[N, heads, length, width]`, and the heads of Q and of the others."""
    query, key, value = (new.given(at) for at in range(3))
    assert query is not None
    assert key is not None
    assert value is not None
    if _rank(new) == 4:
        heads, kv_heads = width_of(query, 1, 4), width_of(key, 1, 4)
    else:
        heads = int(new.attribute("q_num_heads", 0))
        kv_heads = int(new.attribute("kv_num_heads", 0))
    if not heads or not kv_heads or heads % kv_heads:
        raise Unsupported("the number of heads is not known")
    if _rank(new) == 4:
        return query, key, value, heads, kv_heads
    return (
        split_heads(new, query, heads, head_width(query, heads)),
        split_heads(new, key, kv_heads, head_width(key, kv_heads)),
        split_heads(new, value, kv_heads, head_width(value, kv_heads)),
        heads,
        kv_heads,
    )


def _bias(
    new: DecompositionWriter, query: ir.Value, key: ir.Value
) -> tuple[ir.Value | None, ir.Value | None]:
    """Return what is added to the scores, and which rows see a key; None where all do."""
    mask, lengths = new.given(3), new.given(6)
    boolean = mask is not None and mask.dtype == ir.DataType.BOOL
    seen = in_all(new, ([mask] if boolean and mask else []) + _seen(new, query, key))
    biases = [] if seen is None else [additive(new, seen, -np.inf)]
    if mask is not None:
        width = known_extent(mask, -1)
        if width is not None and width != _columns(new):
            raise Unsupported("a mask that is shorter than there are keys")
        biases += [] if boolean else [mask]
    bias = total_bias(new, biases)
    if bias is None or (mask is None and lengths is None):
        return bias, None
    if mask is None or boolean:
        return bias, rows_with_keys(new, seen)
    return bias, rows_with_scores(new, bias)


def _columns(new: DecompositionWriter) -> int | None:
    """Return the number of keys, those of the past included."""
    own, past = known_extent(new.given(1), -2), new.given(4)
    before = 0 if past is None else known_extent(past, -2)
    return None if own is None or before is None else own + before


def _seen(new: DecompositionWriter, query: ir.Value, key: ir.Value) -> list[ir.Value]:
    """Return masks of what is no padding, and of what is no later than a row."""
    past, lengths, found = new.given(4), new.given(6), list[ir.Value]()
    if lengths is not None:
        after = new.emit("Unsqueeze", lengths, new.integers(1, 2, 3))
        found.append(new.emit("Less", places(new, key), after))
    if not new.attribute("is_causal", 0):
        return found
    rows, columns = known_extent(new.given(0), -2), _columns(new)
    if past is None and lengths is None and rows is not None and columns is not None:
        return [*found, causal_keys(new, rows, columns)]
    row = new.emit("Unsqueeze", places(new, query), new.integers(1))
    if past is not None:
        row = new.emit("Add", row, extent_of(new, past))
    elif lengths is not None:
        row = new.emit("Add", row, new.emit("Sub", after, extent_of(new, query)))
    return [*found, new.emit("LessOrEqual", places(new, key), row)]


def _precision(new: DecompositionWriter) -> ir.DataType | None:
    """Return the type that the softmax runs in, None where it is that of the scores."""
    asked, own = new.attribute("softmax_precision", None), new.node.inputs[0]
    dtype = own.dtype if own is not None else None
    if asked is None or ir.DataType(asked) == dtype:
        return None
    if dtype is None or ir.DataType(asked).bitwidth <= dtype.bitwidth:
        raise Unsupported("a softmax in a coarser type")
    return ir.DataType(asked)


RULES = (
    Rule(
        "Attention",
        standard_attention,
        decompose=write_attention,
        branches=ATTENDED,
        traits=PRODUCT
        | {
            Trait.COMPOSITE,
            Trait.FASTER_WHOLE,
            Trait.NEEDS_SHAPES,
            Trait.ROUGH_IN_FLOAT64,
        },
    ),
)
