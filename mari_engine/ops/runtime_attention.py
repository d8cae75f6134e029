"""The runtime's own attentions: as `Attention` of the standard, with other operands and masks.

https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md. What a mask keeps away
is lowered by a finite number, so that a row which sees nothing still has weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes, Axis, Spec, Unsupported, flat, static
from mari_engine.ops.batched_labels import (
    LEFT_OUT,
    BatchedLabels,
    Labeled,
    as_slices,
    common_batch,
    length_with_past,
)
from mari_engine.ops.call import Call
from mari_engine.ops.decomposition_writer import DecompositionWriter, Results
from mari_engine.ops.dot_product_attention import (
    additive,
    causal_keys,
    head_width,
    join_heads,
    known_extent,
    scaled_products,
    score_flops,
    softmax_weights,
    split_heads,
    total_bias,
    usual_scale,
    width_of,
)
from mari_engine.ops.rule import PRODUCT, UNDECLARED, Rule, Trait

_DOMAIN = "com.microsoft"
_FILTER = -10000.0
"""What scores are lowered by, where an attribute does not say it."""


def multi_head_attention(call: Call) -> Spec:
    """Return the factors of MultiHeadAttention: N is alone, and rows that see all keys."""
    heads, causal = int(call.attribute("num_heads", 0)), call.attribute("unidirectional", 0)
    q, given = call.axes(0), [fact.axes for fact in call.operands[:3] if fact is not None]
    if call.outputs > 3 or call.given(8) or call.given(9):
        raise Unsupported("a past of a fixed length, or scores as a result")
    keys, widths = _keys(given, heads)
    labels = BatchedLabels(common_batch(*given), q[1], rows_alone=not causal and len(q) == 3)
    operands = [
        LEFT_OUT if fact is None else _operand(labels, at, fact.axes)
        for at, fact in enumerate(call.operands)
    ]
    total = length_with_past(call, 6, keys)
    states = [(labels.batch, (heads,), total, (width,)) for width in widths]
    result = labels.result((labels.batch, q[1], (heads * widths[1],)), rows=1)
    made = [result, *map(labels.result, states)][: call.outputs]
    scores = flat((labels.batch, (heads,), q[1], total))
    return as_slices(operands, made, labels, weight=score_flops(sum(widths)), work=scores)


def _operand(labels: BatchedLabels, index: int, axes: Axes) -> Labeled:
    """Return an operand of MultiHeadAttention, told where its batch and its rows are."""
    if index == 3:  # the bias of the projections
        return labels.operand(axes, batch=-1)
    rows = {0: 1, 5: 2}.get(index)
    return labels.operand(axes, rows=1 if index == 4 and len(axes) == 3 else rows)


def _keys(given: list[Axes], heads: int) -> tuple[Axis, tuple[int, int]]:
    """Return the keys' axis, and the elements of a key and of a value for each head."""
    packed = len(given[-1]) == 5  # [N, L, heads, 2 or 3, D]
    if not heads or (len(given) != 3 and not packed):
        raise Unsupported("heads of unknown number, or keys without values")
    key, value = (given[-1], given[-1]) if packed else (given[1], given[2])
    widths = [static(axes[-1]) for axes in (key, value)]
    if None in widths or len(key) != len(value) or len(given[0]) not in (3, 5):
        raise Unsupported("heads of unknown width, or operands of another rank")
    one, other = (int(width or 0) // (heads if len(key) == 3 else 1) for width in widths)
    return key[2] if len(key) == 4 else key[1], (one, other)


def packed_attention(call: Call) -> Spec:
    """Return the factors of Attention, which projects Q, K and V itself: N is alone."""
    x, weights = call.axes(0), call.axes(1)
    heads, rows = int(call.attribute("num_heads", 0)), static(x[1])
    sizes = _hidden_sizes(call.attribute("qkv_hidden_sizes"), static(weights[1]))
    past = static(call.axes(4)[3]) if call.given(4) else 0
    if not heads or rows is None or past is None or call.given(6):
        raise Unsupported("heads or lengths that only the run knows")
    labels = BatchedLabels(x[0])
    batched = {0: 0, 3: 0, 4: 1, 5: 0}  # operand: the axis that is N
    operands = [
        LEFT_OUT if fact is None else labels.operand(fact.axes, batch=batched.get(at, -1))
        for at, fact in enumerate(call.operands)
    ]
    state: Axes = ((2,), labels.batch, (heads,), (rows + past,), (sizes[1] // heads,))
    shapes: list[Axes] = [(labels.batch, x[1], (sizes[2],)), state]
    made = [(axes, labels.operand(axes, batch=at)[1] or ()) for at, axes in enumerate(shapes)][
        : call.outputs
    ]
    projected = 2 * (static(x[2]) or 0) * sum(sizes)
    scored = (rows + past) * heads * score_flops((sizes[1] + sizes[2]) // heads)
    work = flat((labels.batch, x[1]))
    return as_slices(operands, made, labels, weight=projected + scored, work=work)


def _hidden_sizes(given: Sequence[int] | None, together: int | None) -> tuple[int, int, int]:
    """Return the elements of Q, K and V that the weights make."""
    if given:
        first, second, third = (int(size) for size in given)
        return first, second, third
    if together is None:
        raise Unsupported("weights of unknown width")
    return together // 3, together // 3, together // 3


# --- in standard ops


def write_multi_head(new: DecompositionWriter) -> Results:
    """Return what MultiHeadAttention computes, of operands that are not packed."""
    heads = int(new.attribute("num_heads", 0))
    if not heads or any(new.given(at) is not None for at in (8, 9)):
        return None
    query, key, value = (
        _projected(new, at, heads, bias) for at, bias in enumerate(_biases_of_projections(new))
    )
    rows, columns = known_extent(new.given(0), -2), known_extent(new.given(1), -2)
    past, past_value = new.given(6), new.given(7)
    if past is not None and past_value is not None:
        key = new.emit("Concat", past, key, axis=2)
        value = new.emit("Concat", past_value, value, axis=2)
    biases = _masks(new, new.given(4))
    attention_bias = new.given(5)
    if attention_bias is not None:
        biases.append(attention_bias)
    if new.attribute("unidirectional", 0):
        if rows is None or rows != columns or past is not None:
            raise Unsupported("a causal mask of rows that are not all of the keys")
        biases.append(additive(new, causal_keys(new, rows, columns), -np.inf))
    width = width_of(new.given(0), -1, 3) // heads
    joined = _attended(new, (query, key, value), biases, width)
    return [join_heads(new, joined, heads * head_width(new.given(2), heads)), key, value]


def _attended(
    new: DecompositionWriter, operands: tuple[ir.Value, ...], biases: list[ir.Value], width: int
) -> ir.Value:
    """Return `softmax(scale Q K^T + bias) V`, `[N, heads, R, E]`."""
    query, key, value = operands
    scale = float(new.attribute("scale", 0.0)) or usual_scale(width)
    scores = scaled_products(new, query, key, scale)
    _, weights = softmax_weights(new, scores, total_bias(new, biases), None)
    return new.emit("MatMul", weights, value)


def _biases_of_projections(new: DecompositionWriter) -> list[ir.Value | None]:
    """Return the parts of one bias `[D + D + E]` that are added to Q, K and V."""
    bias = new.given(3)
    if bias is None:
        return [None, None, None]
    sizes = [width_of(new.given(at), -1, 3) for at in range(3)]
    return [_columns(new, bias, sum(sizes[:at]), sum(sizes[: at + 1])) for at in range(3)]


def _columns(new: DecompositionWriter, value: ir.Value, start: int, stop: int) -> ir.Value:
    bounds = [new.integers(number) for number in (start, stop, -1)]
    return new.emit("Slice", value, *bounds)


def _projected(new: DecompositionWriter, index: int, heads: int, bias: ir.Value | None) -> ir.Value:
    """Return Q, K or V as `[N, heads, L, D]`, its bias added."""
    value = new.given(index)
    shape = value.shape if value is not None else None
    if value is None or shape is None or len(shape) not in (3, 4):
        raise Unsupported("packed operands, or operands of unknown rank")
    if len(shape) == 4:
        return value
    added = value if bias is None else new.emit("Add", value, bias)
    return split_heads(new, added, heads, width_of(value, -1, 3) // heads)


def _masks(new: DecompositionWriter, mask: ir.Value | None) -> list[ir.Value]:
    """Return what a mask of 0 and 1 adds to scores: `[N, L]`, or `[N, R, L]`."""
    if mask is None:
        return []
    rank = len(mask.shape) if mask.shape is not None else 0
    if rank not in (2, 3):
        raise Unsupported("a mask that lists lengths, or of unknown rank")
    axes = new.integers(*([1, 2] if rank == 2 else [1]))
    seen = new.emit("Greater", mask, new.number(0, mask))
    low = new.number(float(new.attribute("mask_filter_value", _FILTER)), new.given(0))
    added = new.emit("Where", seen, new.number(0.0, new.given(0)), low)
    return [new.emit("Unsqueeze", added, axes)]


def write_packed(new: DecompositionWriter) -> Results:
    """Return what Attention computes, of an operand and weights for Q, K and V together."""
    heads, x, weights = int(new.attribute("num_heads", 0)), new.given(0), new.given(1)
    if not heads or new.attribute("do_rotary", 0) or new.given(4) is not None:
        raise Unsupported("a past, or a rotation within it")
    if new.given(6) is not None:
        raise Unsupported("a past of a fixed length")
    sizes = _hidden_sizes(new.attribute("qkv_hidden_sizes"), width_of(weights, 1, 2))
    projected = new.emit("MatMul", x, weights)
    bias = new.given(2)
    if bias is not None:
        projected = new.emit("Add", projected, bias)
    query, key, value = (
        split_heads(
            new, _columns(new, projected, sum(sizes[:at]), sum(sizes[: at + 1])), heads,
            sizes[at] // heads,
        )
        for at in range(3)
    )  # fmt: skip
    biases, rows = _masks(new, new.given(3)), known_extent(x, -2)
    attention_bias = new.given(5)
    if attention_bias is not None:
        biases.append(attention_bias)
    if new.attribute("unidirectional", 0):
        biases.append(additive(new, causal_keys(new, rows, rows), -np.inf))
    joined = _attended(new, (query, key, value), biases, sizes[0] // heads)
    return [join_heads(new, joined, sizes[2]), None]


_FUSED = PRODUCT | {Trait.COMPOSITE, Trait.FASTER_WHOLE}
RULES = (
    Rule(
        "MultiHeadAttention", multi_head_attention, domain=_DOMAIN, decompose=write_multi_head,
        traits=_FUSED,
    ),
    Rule(
        "Attention", packed_attention, domain=_DOMAIN, decompose=write_packed, traits=_FUSED
    ),
    *(
        Rule(op, domain=_DOMAIN, refusal=UNDECLARED, traits=PRODUCT)
        for op in (
            "DecoderMaskedMultiHeadAttention", "DecoderMaskedSelfAttention", "LongformerAttention",
            "PackedAttention", "PackedMultiHeadAttention", "SparseAttention",
        )
    ),
)  # fmt: skip
