"""GroupQueryAttention of the runtime: decomposed, hoisted, equal in every form."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from mari_engine.graph import Model
from mari_engine.passes.decompose_fused import DECOMPOSE_FUSED
from support.attention_forms import Form, build, check_decision, check_rewrites
from support.pass_checks import reasons

_SIDES = {"i_q": "f N, 5, 64", "u_k": "f N, 5, 32", "i_v": "f N, 5, 32"}
_ANGLES = np.arange(9)[:, None] / 10.0 ** np.arange(8)
_CACHES = {"c": np.cos(_ANGLES).astype("f"), "s": np.sin(_ANGLES).astype("f")}


def _grouped(
    attributes: Mapping[str, object], inputs: Mapping[str, str], operands: str = "", more: str = "",
    *, caches: bool = False,
) -> Form:  # fmt: skip
    """Return a GroupQueryAttention, four heads of Q, of five rows; `u_last` tells of padding."""
    names = operands or " ".join(name for name in inputs if name != "u_last")
    names += "" if "u_past" in names else " - -"
    last = "u_last" if "u_last" in inputs else "last"
    length = 3 if any("L" in dims for dims in inputs.values()) else 5
    held = {"total": np.array(length, np.int32)}
    return Form(
        inputs, f"{names} {last} total {'c s' if caches else '- -'} {more}".rstrip(" -"),
        "GroupQueryAttention", "com.microsoft", {"num_heads": 4, "kv_num_heads": 2, **attributes},
        held | (_CACHES if caches else {}), opset=17, results=3,
    )  # fmt: skip


FORMS = {
    "groups": _grouped({}, _SIDES),
    "groups, packed": _grouped({}, {"i_q": "f N, 5, 64"}, "i_q - -"),
    "groups, capped, scaled": _grouped({"softcap": 0.7, "scale": 0.3}, _SIDES),
    "groups, a window": _grouped({"local_window_size": 2}, _SIDES),
    "groups, rotated": _grouped({"do_rotary": 1}, _SIDES, caches=True),
    "groups, rotated between, biased": _grouped(
        {"do_rotary": 1, "rotary_interleaved": 1},
        {"i_q": "f N, 5, 128", "i_bias": "f N, 4, 5, 5"}, "i_q - -", "- i_bias", caches=True,
    ),
    "groups, padded": _grouped({}, _SIDES | {"u_last": "j N"}),
    "groups, padded under a window": _grouped(
        {"local_window_size": 2}, _SIDES | {"u_last": "j N"}
    ),
    "groups, padded, rotated": _grouped(
        {"do_rotary": 1}, _SIDES | {"u_last": "j N"}, caches=True
    ),
    "groups, unknown length": _grouped(
        {"do_rotary": 1},
        {"i_q": "f N, L, 64", "u_k": "f N, L, 32", "i_v": "f N, L, 32", "u_last": "j N"},
        caches=True,
    ),
    "groups, past": _grouped(
        {"do_rotary": 1},
        {"i_q": "f N, 1, 64", "i_k": "f N, 1, 32", "i_v": "f N, 1, 32",
         "u_past": "f N, 2, 4, 16", "u_old": "f N, 2, 4, 16"},
        "i_q i_k i_v u_past u_old", caches=True,
    ),
    "groups, past of both sides": _grouped(
        {"do_rotary": 1, "kv_num_heads": 1},
        {"u_q": "f N, 1, 64", "i_k": "f N, 1, 16", "u_v": "f N, 1, 16",
         "u_past": "f N, 1, 4, 16", "i_old": "f N, 1, 4, 16"},
        "u_q i_k u_v u_past i_old", caches=True,
    ),
    "groups, one key head, by the request": _grouped(
        {"kv_num_heads": 1}, {"i_q": "f N, 5, 64", "u_k": "f N, 5, 16", "u_v": "f N, 5, 16"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_decomposed_and_rewritten_it_equals_the_original(name: str) -> None:
    check_rewrites(FORMS[name])


@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_decided_on_and_counted(name: str) -> None:
    check_decision(FORMS[name])


REFUSED = {
    "a window over rows whose number only the run knows": _grouped(
        {"local_window_size": 2}, {"i_q": "f N, L, 64", "u_k": "f N, L, 32", "i_v": "f N, L, 32"}
    ),
    "more heads than there are elements": _grouped({"num_heads": 128, "kv_num_heads": 64}, _SIDES),
    "another softmax, stated places, or numbers of another kind": _grouped(
        {"smooth_softmax": 1}, _SIDES
    ),
    "a past of which only the run knows how much is read": _grouped(
        {}, {"i_q": "f N, 1, 64", "i_k": "f N, 1, 32", "i_v": "f N, 1, 32",
             "u_past": "f N, 2, 4, 16", "u_old": "f N, 2, 4, 16", "u_last": "j N"},
        "i_q i_k i_v u_past u_old",
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", REFUSED)
def test_a_form_that_is_not_understood_is_kept_with_the_reason(reason: str) -> None:
    model = ir.serde.deserialize_model(onnx.load_model_from_string(build(REFUSED[reason])))
    assert reasons(DECOMPOSE_FUSED, Model(model, "refused")) == [reason]
