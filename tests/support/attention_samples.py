"""Samples of attentions and of what turns their operands, as in `rule_samples`.

A score of an attention costs 2 FLOPs for each element of its key and value, 1 to be scaled, 5 in
the softmax.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from support.rule_sample import Sample

_SCORE = 2 * (2 + 2) + 6
_THREES = "T[N, 3, 4] u, T[N, 3, 4] i"


def _numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(list(shape)).standard_normal(shape)


def _sample(
    body: str, work: int, *, inputs: str = _THREES, outputs: str = "T[N, 3, 4] a, T[N, 3, 4] y",
    weights: Mapping[str, np.ndarray] | None = None, opset: int = 23,
) -> Sample:  # fmt: skip
    return Sample(
        body, work, outputs, inputs, weights or {}, kind="float", exact=False, opset=opset
    )


_LENGTHS = "n = Shape <start = 0, end = 1> (u) l = ConstantOfShape <value = int32[1] {2}> (n)"
_GROUPED = "com.microsoft.GroupQueryAttention <num_heads = 2, kv_num_heads = 1>"

SAMPLES: Mapping[tuple[str, str], Sample] = {
    ("", "Attention"): _sample(  # 2 heads, 3 rows, 3 keys; twice
        "a = Attention <q_num_heads = 2, kv_num_heads = 2> (u, u, u) "
        "y = Attention <q_num_heads = 2, kv_num_heads = 2> (i, u, u)", 2 * 18 * _SCORE,
    ),
    ("com.microsoft", "MultiHeadAttention"): _sample(
        "a = com.microsoft.MultiHeadAttention <num_heads = 2> (u, u, u) "
        "y = com.microsoft.MultiHeadAttention <num_heads = 2> (i, u, u)", 2 * 18 * _SCORE,
        opset=17,
    ),
    ("com.microsoft", "Attention"): _sample(  # 3 rows of 4 into 12, then of the item
        "a = com.microsoft.Attention <num_heads = 2> (u, W, b) "
        "y = com.microsoft.Attention <num_heads = 2> (i, W, b)",
        2 * (3 * 2 * 4 * 12 + 18 * _SCORE), weights={"W": _numbers(4, 12), "b": _numbers(12)},
        opset=17,
    ),
    ("com.microsoft", "GroupQueryAttention"): _sample(
        f"{_LENGTHS} a, ak, av = {_GROUPED} (u, uk, uk, , , l, three) "
        f"y, yk, yv = {_GROUPED} (i, uk, uk, , , l, three)",
        2 * 18 * (2 * (8 + 8) + 6) + 18,  # the scores of candidates meet a mask
        weights={"three": np.array(3, np.int32)},
        inputs="T[N, 3, 16] u, T[N, 3, 8] uk, T[N, 3, 16] i",
        outputs="T[N, 3, 16] a, T[N, 3, 16] y", opset=17,
    ),
    ("", "RotaryEmbedding"): _sample(  # 2 products and a sum, for 12 elements; twice
        "a = RotaryEmbedding <num_heads = 2> (u, c, s, uid) "
        "y = RotaryEmbedding <num_heads = 2> (i, c, s, uid)", 2 * 12 * 3,
        inputs=f"{_THREES}, int64[N, 3] uid", weights={"c": _numbers(3, 1), "s": _numbers(1, 3).T},
    ),
    ("com.microsoft", "RotaryEmbedding"): _sample(
        "a = com.microsoft.RotaryEmbedding <num_heads = 2, rotary_embedding_dim = 2> "
        "(u, uid, c, s) "
        "y = com.microsoft.RotaryEmbedding <num_heads = 2, rotary_embedding_dim = 2> "
        "(i, uid, c, s)", 2 * 12 * 3,
        inputs=f"{_THREES}, int64[N, 3] uid", weights={"c": _numbers(3, 1), "s": _numbers(1, 3).T},
        opset=17,
    ),
}  # fmt: skip
