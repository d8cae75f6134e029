"""Fused attentions of the standard and of the runtime: decomposed, hoisted, equal in every form."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from mari_engine import load, plan
from mari_engine.graph import Model
from mari_engine.native import ReferenceSession
from mari_engine.passes.decompose_fused import DECOMPOSE_FUSED
from mari_engine.types import Action
from support.attention_forms import (
    HEADS,
    RNG,
    Form,
    build,
    check_decision,
    check_rewrites,
    draw,
    labels,
)  # fmt: skip
from support.pass_checks import reasons
from support.rewrite_checks import run, session

Q3, K3 = {"i_q": "f N, 2, 8"}, {"u_k": "f N, 5, 8", "u_v": "f N, 5, 6"}
FLAT = {"q_num_heads": HEADS, "kv_num_heads": HEADS}
Q4 = {"i_q": "f N, 2, 3, 4"}
K4 = {"u_k": "f N, 2, 5, 4", "u_v": "f N, 2, 5, 3"}
PAST = {"u_past": "f N, 2, 3, 4", "u_old": "f N, 2, 3, 3"}
SEES = np.array([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 1]], bool)
FORMS = {
    "flat": Form(Q3 | K3, "i_q u_k u_v", attributes=FLAT),
    "by head": Form(Q4 | K4, "i_q u_k u_v"),
    "scaled": Form(Q4 | K4, "i_q u_k u_v", attributes={"scale": 0.3}),
    "capped": Form(Q4 | K4, "i_q u_k u_v", attributes={"softcap": 0.7}),
    "causal": Form(Q4 | K4, "i_q u_k u_v", attributes={"is_causal": 1}),
    "causal of unknown length": Form(
        {"i_q": "f N, 2, 3, 4", "u_k": "f N, 2, L, 4", "u_v": "f N, 2, L, 3"},
        "i_q u_k u_v", attributes={"is_causal": 1},
    ),
    "mask of the request": Form(Q4 | K4 | {"u_m": "f N, 1, 3, 5"}, "i_q u_k u_v u_m"),
    "mask of the candidates": Form(Q4 | K4 | {"i_m": "f N, 2, 3, 5"}, "i_q u_k u_v i_m"),
    "boolean mask": Form(Q4 | K4 | {"u_m": "b N, 1, 3, 5"}, "i_q u_k u_v u_m"),
    "boolean mask of three axes": Form(
        Q4 | K4, "i_q u_k u_v mask", weights={"mask": np.stack([SEES, ~SEES])}
    ),
    "rows that see nothing": Form(Q4 | K4, "i_q u_k u_v mask", weights={"mask": SEES}),
    "rows that see nothing by -inf": Form(
        Q4 | K4, "i_q u_k u_v mask",
        weights={"mask": np.where(SEES, 0, -np.inf).astype(np.float32)},
    ),
    "masked and causal": Form(
        Q4 | K4 | {"u_m": "b N, 1, 3, 5"}, "i_q u_k u_v u_m", attributes={"is_causal": 1}
    ),
    "grouped": Form(
        {"i_q": "f N, 4, 3, 4"} | K4, "i_q u_k u_v", attributes={"is_causal": 1}
    ),
    "grouped flat": Form(
        {"i_q": "f N, 2, 16", "u_k": "f N, L, 8", "u_v": "f N, L, 6"}, "i_q u_k u_v",
        attributes={"q_num_heads": 4, "kv_num_heads": 2},
    ),
    "one key head": Form(
        {"i_q": "f N, 2, 16", "u_k": "f N, 5, 4", "u_v": "f N, 5, 3"}, "i_q u_k u_v",
        attributes={"q_num_heads": 4, "kv_num_heads": 1},
    ),
    "past and present": Form(
        Q4 | K4 | PAST, "i_q u_k u_v - u_past u_old", attributes={"is_causal": 1}, results=3
    ),
    "past of a flat one": Form(
        Q3 | K3 | {"u_past": "f N, 2, 3, 4", "u_old": "f N, 2, 3, 3"},
        "i_q u_k u_v - u_past u_old", attributes=FLAT, results=3,
    ),
    **{
        f"scores of mode {mode}": Form(
            Q4 | K4 | {"u_m": "f N, 1, 3, 5"}, "i_q u_k u_v u_m", results=4,
            attributes={"qk_matmul_output_mode": mode, "softcap": 0.9},
        )
        for mode in range(4)
    },
    "lengths": Form(
        Q4 | K4 | {"u_length": "i N"}, "i_q u_k u_v - - - u_length", opset=24
    ),
    "lengths, causal": Form(
        Q4 | K4 | {"u_length": "i N"}, "i_q u_k u_v - - - u_length", opset=24,
        attributes={"is_causal": 1},
    ),
    "runtime's": Form(
        Q3 | K3, "i_q u_k u_v", "MultiHeadAttention", "com.microsoft", {"num_heads": HEADS}
    ),
    "runtime's, biased, masked": Form(
        Q3 | K3 | {"u_m": "j N, 5", "i_b": "f N, 2, 2, 5"}, "i_q u_k u_v b u_m i_b",
        "MultiHeadAttention", "com.microsoft", {"num_heads": HEADS, "mask_filter_value": -9.0},
        {"b": RNG.standard_normal(22).astype(np.float32)},
    ),
    "runtime's, mask by rows": Form(
        Q3 | K3 | {"u_m": "j N, 2, 5"}, "i_q u_k u_v - u_m",
        "MultiHeadAttention", "com.microsoft",
        {"num_heads": HEADS, "scale": 0.4, "mask_filter_value": -9.0},
    ),
    "runtime's, causal": Form(
        {"i_q": "f N, 5, 8"} | K3, "i_q u_k u_v", "MultiHeadAttention", "com.microsoft",
        {"num_heads": HEADS, "unidirectional": 1},
    ),
    "runtime's, keys by head": Form(
        Q3 | {"u_k": "f N, 2, 5, 4", "u_v": "f N, 2, 5, 4"}, "i_q u_k u_v",
        "MultiHeadAttention", "com.microsoft", {"num_heads": HEADS},
    ),
    "runtime's, past": Form(
        {"i_q": "f N, 2, 8", "u_k": "f N, 5, 8", "u_v": "f N, 5, 8"}
        | {"u_past": "f N, 2, 3, 4", "u_old": "f N, 2, 3, 4"}, "i_q u_k u_v - - - u_past u_old",
        "MultiHeadAttention", "com.microsoft", {"num_heads": HEADS}, results=3,
    ),
    "runtime's, packed weights": Form(
        {"i_x": "f N, 5, 3", "u_m": "j N, 5"}, "i_x W b u_m", "Attention", "com.microsoft",
        {"num_heads": HEADS, "qkv_hidden_sizes": [8, 8, 6], "mask_filter_value": -9.0},
        {"W": RNG.standard_normal((3, 22)).astype(np.float32),
         "b": RNG.standard_normal(22).astype(np.float32)},
    ),
    "runtime's, packed weights, causal": Form(
        {"i_x": "f N, 5, 3"}, "i_x W b", "Attention", "com.microsoft",
        {"num_heads": HEADS, "unidirectional": 1},
        {"W": RNG.standard_normal((3, 24)).astype(np.float32),
         "b": RNG.standard_normal(24).astype(np.float32)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_decomposed_and_rewritten_it_equals_the_original(name: str) -> None:
    check_rewrites(FORMS[name])


@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_decided_on_and_counted(name: str) -> None:
    check_decision(FORMS[name])


REFUSED = {
    "a result is read that no standard op returns": Form(
        Q4 | K4 | {"u_m": "b N, 1, 3, 5"}, "i_q u_k u_v u_m", results=4,
        attributes={"qk_matmul_output_mode": 2},
    ),
    "a mask that is shorter than there are keys": Form(
        Q4 | K4 | {"u_m": "f N, 1, 3, 4"}, "i_q u_k u_v u_m"
    ),
    "the number of heads is not known": Form(Q3 | K3, "i_q u_k u_v"),
    "a softmax in a coarser type": Form(
        Q4 | K4, "i_q u_k u_v", attributes={"softmax_precision": 10}
    ),
    "its attribute left_window_size is not known": Form(
        Q4 | K4, "i_q u_k u_v", attributes={"left_window_size": 2}
    ),
    "packed operands, or operands of unknown rank": Form(
        {"i_q": "f N, 5, 2, 3, 4"}, "i_q", "MultiHeadAttention", "com.microsoft",
        {"num_heads": HEADS},
    ),
    "a causal mask of rows that are not all of the keys": Form(
        Q3 | K3, "i_q u_k u_v", "MultiHeadAttention", "com.microsoft",
        {"num_heads": HEADS, "unidirectional": 1},
    ),
    "a mask that lists lengths, or of unknown rank": Form(
        Q3 | K3 | {"u_length": "j N"}, "i_q u_k u_v - u_length", "MultiHeadAttention",
        "com.microsoft", {"num_heads": HEADS},
    ),
    "a past, or a rotation within it": Form(
        {"i_x": "f N, 5, 3"}, "i_x W", "Attention", "com.microsoft",
        {"num_heads": HEADS, "do_rotary": 1},
        {"W": RNG.standard_normal((3, 24)).astype(np.float32)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", REFUSED)
def test_a_form_that_is_not_understood_is_kept_with_the_reason(reason: str) -> None:
    model = ir.serde.deserialize_model(onnx.load_model_from_string(build(REFUSED[reason])))
    assert reasons(DECOMPOSE_FUSED, Model(model, "refused")) == [reason]


def test_a_form_that_is_kept_is_counted() -> None:
    form = REFUSED["a causal mask of rows that are not all of the keys"]
    made = plan(load(build(form)), labels(form), candidates=500)
    (decision,) = made.decisions
    assert decision.action == Action.KEPT
    assert decision.flops_before.per_candidate == 2 * 2 * 5 * (2 * (4 + 3) + 6)


@pytest.mark.parametrize("name", ["rows that see nothing", "lengths, causal", "capped", "grouped"])
def test_the_float64_form_is_what_the_runtime_computes(name: str) -> None:
    form, feeds = FORMS[name], draw(FORMS[name], 3)
    reference = ReferenceSession(build(form), {"RNN": (), "GRU": (), "LSTM": ()}, {})
    wide = {key: array.astype(np.float64) if array.dtype == np.float32 else array
            for key, array in feeds.items()}  # fmt: skip
    (truth,) = reference.run(["y"], wide)
    (own,) = run(session(build(form)), feeds).values()
    assert truth.dtype == np.float64
    assert np.allclose(truth, own, rtol=1e-5, atol=2e-6)
