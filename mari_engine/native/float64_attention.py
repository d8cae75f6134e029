"""Attention in float64, for ONNX's reference evaluator.

Its own version takes the root of the scale in float32, and early ones apply a cap behind the mask.
https://onnx.ai/onnx/operators/onnx__Attention.html
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx.reference.op_run import OpRun

_Array = np.ndarray


class Attention(OpRun):  # type: ignore[misc]  # onnx has no types
    """`softmax(c Q K^T + bias) V` with Q `[N, heads, R, D]`, K and V `[N, kv heads, L, ...]`."""

    op_domain = ""

    def _run(
        self, q: _Array, k: _Array, v: _Array, *optional: _Array | None, **given: Any
    ) -> tuple[_Array, ...]:
        left_out: list[_Array | None] = [None] * (4 - len(optional))
        mask, past_key, past_value, lengths = [*optional, *left_out]
        flat = q.ndim == 3
        if flat:
            q = _by_head(q, given["q_num_heads"])
            k, v = (_by_head(each, given["kv_num_heads"]) for each in (k, v))
        before = 0
        if past_key is not None and past_value is not None:
            before = past_key.shape[2]
            k, v = np.concatenate((past_key, k), 2), np.concatenate((past_value, v), 2)
        every_key, every_value = (np.repeat(x, q.shape[1] // x.shape[1], 1) for x in (k, v))
        scale = given.get("scale")
        factor = q.shape[-1] ** -0.5 if scale is None else float(scale)
        products = q @ every_key.swapaxes(2, 3) * factor
        cap = float(given.get("softcap") or 0.0)
        capped = np.tanh(products / cap) * cap if cap > 0 else products
        first = before if lengths is None else lengths.reshape(-1, 1, 1, 1) - q.shape[2]
        bias = _bias(mask, lengths, q.shape[2], k.shape[2])
        bias = bias + _near(first, bias.shape[-2:], given)
        biased = capped + bias
        weights = _softmax(biased, np.isneginf(bias.max(-1, keepdims=True)))
        result = weights @ every_value
        if flat:
            result = result.swapaxes(1, 2).reshape(*result.shape[0:3:2], -1)
        mode = int(given.get("qk_matmul_output_mode") or 0)
        return result, k, v, (products, capped, biased, weights)[mode]


def _by_head(x: _Array, heads: int) -> _Array:
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def _bias(mask: _Array | None, lengths: _Array | None, rows: int, columns: int) -> _Array:
    """Return what is added to scores `[R, L]`: a mask, and -inf to the padding."""
    bias: _Array = np.zeros((rows, columns))
    if mask is not None:
        added = np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask
        missing = [(0, 0)] * (added.ndim - 1) + [(0, columns - added.shape[-1])]
        bias = bias + np.pad(added, missing, constant_values=-np.inf)
    if lengths is not None:
        bias = bias + np.where(np.arange(columns) < lengths.reshape(-1, 1, 1, 1), 0.0, -np.inf)
    return bias


def _near(first: _Array | int, shape: tuple[int, ...], given: dict[str, Any]) -> _Array:
    """Return -inf for keys that are later than a row, or outside of its window, and else 0.

    `first` is the place, among the keys, of the first row.
    """
    ahead = np.arange(shape[1]) - (np.arange(shape[0])[:, None] + first)
    seen = np.ones_like(ahead, bool)
    if given.get("is_causal"):
        seen &= ahead <= 0
    for name, distance in (("left_window_size", -ahead), ("right_window_size", ahead)):
        widest = given.get(name)
        if widest is not None and widest >= 0:
            seen &= distance <= widest
    return np.where(seen, 0.0, -np.inf)


def _softmax(scores: _Array, unseen: _Array) -> _Array:
    """Return a softmax along the last axis; rows that see nothing have weights of zero."""
    held = np.where(unseen, 0.0, scores)
    exponential = np.exp(held - held.max(-1, keepdims=True))
    return np.where(unseen, 0.0, exponential / exponential.sum(-1, keepdims=True))
