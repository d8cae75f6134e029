"""The samples of ops on quantized numbers; see `rule_samples`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from support.rule_sample import Sample

_CUT = (
    "c = Concat <axis = 1> (u, i) ua = Abs (u) ca = Abs (c) "
    "q = Cast <to = 2> (ua) r = Cast <to = 2> (ca) "
)
_HELD = {"s": np.array(0.5), "z": np.array(0, np.uint8)}
_KERNELS = _HELD | {
    "W": np.arange(12, dtype=np.uint8).reshape(4, 3),
    "V": np.arange(24, dtype=np.uint8).reshape(8, 3),
}  # fmt: skip


def _element(op: str, read: tuple[str, str], result: str) -> Sample:
    body = f"{_CUT} a = {op} ({read[0]}, s, z) y = {op} ({read[1]}, s, z)"
    return Sample(body, 2 * 12, f"{result}[N, 4] a, {result}[N, 8] y", weights=_HELD, kind="float")


def _product(op: str, result: str, rest: str, *, read: tuple[str, str] = ("q", "r")) -> Sample:
    """Return a product of 4 columns of the user, then of all 8, with 3 columns of weights."""
    a, y = (f"{op} ({of}, {rest.replace('W', held)})" for of, held in zip(read, "WV", strict=True))
    outputs = f"{result}[N, 3] a, {result}[N, 3] y"
    return Sample(f"{_CUT} a = {a} y = {y}", 2 * 12 * 3, outputs, weights=_KERNELS, kind="float")


SAMPLES: Mapping[tuple[str, str], Sample] = {
    ("", "QuantizeLinear"): _element("QuantizeLinear", ("u", "c"), "uint8"),
    ("", "DequantizeLinear"): _element("DequantizeLinear", ("q", "r"), "float"),
    ("", "DynamicQuantizeLinear"): Sample(
        f"{_CUT} a, ta, za = DynamicQuantizeLinear (u) y, ty, zy = DynamicQuantizeLinear (c)",
        3 * 12, "uint8[N, 4] a, uint8[N, 8] y", kind="float",
    ),
    ("", "MatMulInteger"): _product("MatMulInteger", "int32", "W, z, z"),
    ("", "QLinearMatMul"): _product("QLinearMatMul", "uint8", "s, z, W, s, z, s, z"),
    ("com.microsoft", "QGemm"): _product("com.microsoft.QGemm", "uint8", "s, z, W, s, z, , s, z"),
    ("com.microsoft", "DynamicQuantizeMatMul"): _product(
        "com.microsoft.DynamicQuantizeMatMul", "float", "W, s, z", read=("u", "c")
    ),
    ("com.microsoft", "MatMulIntegerToFloat"): _product(
        "com.microsoft.MatMulIntegerToFloat", "float", "W, s, s, z, z"
    ),
}  # fmt: skip
