"""A tiny model for each rule: `a` is the op on the request side only, `y` the op on both sides.

Work is written by hand, in operations per candidate, for all nodes of the op together: the
original computes everything once for each of its N rows. Inputs whose names begin with "u" are
user features, those with "i" items; "id" in a name asks for numbers from 0 to 2.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from support import attention_samples, quantized_samples, tabular_samples
from support.rule_sample import REAL, Sample

JOINED = "c = Concat <axis = 1> (u, i)"


def unary(
    op: str, work: int, *, attributes: str = "", result: str = "T", kind: str = REAL,
    exact: bool = False, opset: int = 17,
) -> Sample:  # fmt: skip
    """Return the sample of an op of one operand: 4 columns of the user, then all 8."""
    body = f"{JOINED} a = {op} {attributes} (u) y = {op} {attributes} (c)"
    outputs = f"{result}[N, 4] a, {result}[N, 8] y"
    return Sample(body, work * 12, outputs, kind=kind, exact=exact, opset=opset)


def binary(
    op: str, work: int, *, attributes: str = "", result: str = "T", kind: str = REAL,
    exact: bool = True, opset: int = 17,
) -> Sample:  # fmt: skip
    """Return the sample of an op of two operands: user with user, then user with item."""
    body = f"a = {op} {attributes} (u, u) y = {op} {attributes} (u, i)"
    outputs = f"{result}[N, 4] a, {result}[N, 4] y"
    return Sample(body, work * 8, outputs, kind=kind, exact=exact, opset=opset)


def reduced(op: str, work: int, *, kind: str = REAL, exact: bool = True) -> Sample:
    """Return the sample of a reduction over the columns."""
    body = f"{JOINED} a = {op} <axes = [1]> (u) y = {op} <axes = [-1], keepdims = 0> (c)"
    return Sample(body, work * 12, "T[N, 1] a, T[N] y", kind=kind, exact=exact)


def recurrent(op: str, gates: int) -> Sample:
    """Return 3 steps of 2 features into 2 states, once for the user and once for the item."""
    step = 2 * gates * 2 * (2 + 2)  # multiply and add; gates; states; features and states
    return Sample(
        f"s = Transpose <perm = [1, 0, 2]> (u) z, a = {op} <hidden_size = 2> (s, W, R) "
        f"t = Transpose <perm = [1, 0, 2]> (i) y = {op} <hidden_size = 2> (t, W, R)",
        2 * 3 * step,
        "T[1, N, 2] a, T[3, 1, N, 2] y",
        "T[N, 3, 2] u, T[N, 3, 2] i",
        {"W": numbers(1, gates * 2, 2), "R": numbers(1, gates * 2, 2)},
        kind="float",
        exact=False,
    )


def norm(op: str, work: int, *, attributes: str = "", weights: str = "", kind: str = REAL,
         opset: int = 17) -> Sample:  # fmt: skip
    """Return the sample of a norm along the columns, its weights by column."""
    given = [f", {name}" for name in weights]
    four, eight = ("".join(f"{each}{width}" for each in given) for width in (4, 8))
    held = {f"{name}{width}": np.abs(numbers(width)) + 1 for name in weights for width in (4, 8)}
    return Sample(
        f"{JOINED} a = {op} {attributes} (u{four}) y = {op} {attributes} (c{eight})",
        work * 12, "T[N, 4] a, T[N, 8] y", weights=held, kind=kind, exact=False, opset=opset,
    )  # fmt: skip


def numbers(*shape: int) -> np.ndarray:
    """Return small whole numbers, the same ones for the same shape."""
    return np.random.default_rng(list(shape)).integers(-2, 3, shape).astype(np.float64)


def whole(*elements: int) -> np.ndarray:
    """Return a list of int64."""
    return np.array(elements, dtype=np.int64)


_ONCE = ("Abs", "Ceil", "Floor", "Round", "Sign", "Relu", "Neg", "LeakyRelu", "Shrink")
_REAL_ONCE = ("Reciprocal", "Sqrt")
_SEVERAL = ("Exp", "Log", "Sigmoid", "Tanh", "Sin", "Cos")
_SEVERAL_SINGLE = (
    "Erf", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Atanh", "Softplus",
    "Softsign", "Elu", "Selu", "Celu", "HardSigmoid", "HardSwish",
)  # fmt: skip
_IDS = "int64[N, 2] uid, int64[N, 2] iid, T[N, 4] u"

SAMPLES: Mapping[tuple[str, str], Sample] = {
    ("", "Cast"): unary("Cast", 0, attributes="<to = 1>", result="float", exact=True),
    ("", "CastLike"): Sample(
        "a = CastLike (u, w) y0 = CastLike (i, w) y = Add (a, y0)", 0,
        "int64[N, 4] a, int64[N, 4] y", weights={"w": whole(1)},
    ),
    ("", "IsNaN"): unary("IsNaN", 0, result="bool", exact=True),
    ("", "IsInf"): unary("IsInf", 0, result="bool", exact=True),
    ("", "Not"): unary("Not", 0, kind="bool", exact=True),
    ("", "BitwiseNot"): unary("BitwiseNot", 0, kind="int64", exact=True, opset=20),
    ("", "Where"): Sample(
        "m = Greater (u, i) n = Greater (u, z) a = Where (n, u, z) y = Where (m, u, i)", 0,
        weights={"z": numbers(4)},
    ),
    **{("", op): unary(op, 1, exact=True) for op in _ONCE},
    **{("", op): unary(op, 1) for op in _REAL_ONCE},
    ("", "ThresholdedRelu"): unary("ThresholdedRelu", 1, kind="float", exact=True),
    ("", "Clip"): Sample(
        f"{JOINED} a = Clip (u, low, high) y = Clip (c, low)", 12,
        weights={"low": np.array(-1.0), "high": np.array(1.0)},
    ),
    ("", "PRelu"): Sample(
        f"{JOINED} a = PRelu (u, s4) y = PRelu (c, s8)", 12, kind="float",
        weights={"s4": numbers(4), "s8": numbers(1, 8)},
    ),
    ("", "Pow"): Sample(f"{JOINED} a = Pow (u, two) y = Pow (c, two)", 12,
                        weights={"two": np.array(2.0)}),
    ("", "Mod"): binary("Mod", 1, attributes="<fmod = 1>", exact=False),
    **{("", op): binary(op, 1) for op in ("Add", "Sub", "Mul", "Max", "Min", "Sum")},
    ("", "Div"): binary("Div", 1, exact=False),
    ("", "Mean"): binary("Mean", 1, kind="float"),
    **{("", op): binary(op, 1, kind="bool") for op in ("And", "Or", "Xor")},
    **{
        ("", op): binary(op, 1, result="bool")
        for op in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
    },
    ("", "BitShift"): binary("BitShift", 1, attributes='<direction = "LEFT">', kind="uint32"),
    **{
        ("", f"Bitwise{op}"): binary(f"Bitwise{op}", 1, kind="int64", opset=18)
        for op in ("And", "Or", "Xor")
    },
    **{("", op): unary(op, 4) for op in _SEVERAL},
    **{("", op): unary(op, 4, kind="float") for op in _SEVERAL_SINGLE},
    ("", "Acosh"): Sample(
        f"{JOINED} d = Exp (u) e = Exp (c) a = Acosh (d) y = Acosh (e)", 48, kind="float",
        exact=False,
    ),
    ("", "Gelu"): unary("Gelu", 4, kind="float", opset=20),
    ("", "Mish"): unary("Mish", 4, kind="float", opset=20),
    ("", "Swish"): unary("Swish", 4, opset=24),
    **{
        ("com.microsoft", op): unary(f"com.microsoft.{op}", 4, kind="float")
        for op in ("FastGelu", "QuickGelu", "Gelu")
    },
    ("com.microsoft", "BiasGelu"): norm("com.microsoft.BiasGelu", 4, weights="b", kind="float"),
    ("", "Concat"): Sample("a = Concat <axis = 1> (u, u) y = Concat <axis = -1> (a, i, u)", 0),
    ("", "Split"): Sample(
        f"{JOINED} a, b = Split <axis = 1> (u) d, e = Split <axis = -1> (c, cut) "
        "y = Concat <axis = 1> (e, b, d)", 0, weights={"cut": whole(3, 5)},
    ),
    ("", "Slice"): Sample(
        f"{JOINED} a = Slice (u, one, three, one) y = Slice (c, back, far, one, back)", 0,
        weights={"one": whole(1), "three": whole(3), "back": whole(-1), "far": whole(-9)},
    ),
    ("", "Pad"): Sample(f"{JOINED} a = Pad (u, p) y = Pad (c, p)", 0,
                        weights={"p": whole(0, 1, 0, 2)}),
    ("", "MatMul"): Sample(  # 4 columns, then 8, into 3
        f"{JOINED} a = MatMul (u, W) y = MatMul (c, V)", 2 * 4 * 3 + 2 * 8 * 3,
        weights={"W": numbers(4, 3), "V": numbers(8, 3)},
    ),
    ("", "Gemm"): Sample(  # the same, a bias added to the second
        f"{JOINED} a = Gemm <transB = 1> (u, W) y = Gemm <alpha = 2.0> (c, V, b)",
        2 * 4 * 3 + 2 * 8 * 3 + 3,
        weights={"W": numbers(3, 4), "V": numbers(8, 3), "b": numbers(3)},
    ),
    ("", "Einsum"): Sample(
        f'{JOINED} a = Einsum <equation = "ni,ij->nj"> (u, W) y = Einsum <equation = "ni,ij->jn"> '
        "(c, V)", 2 * 4 * 3 + 2 * 8 * 3, "T[N, 3] a, T[3, N] y",
        weights={"W": numbers(4, 3), "V": numbers(8, 3)},
    ),
    ("", "ReduceSum"): Sample(
        f"{JOINED} a = ReduceSum (u, x) y = ReduceSum <keepdims = 0> (c, x)", 12,
        "T[N, 1] a, T[N] y", weights={"x": whole(1)},
    ),
    ("", "ReduceMean"): reduced("ReduceMean", 1),
    **{("", f"Reduce{op}"): reduced(f"Reduce{op}", 1) for op in ("Max", "Min", "Prod")},
    ("", "ReduceL1"): reduced("ReduceL1", 2, kind="float"),
    ("", "ReduceL2"): reduced("ReduceL2", 2, kind="float", exact=False),
    ("", "ReduceSumSquare"): reduced("ReduceSumSquare", 2),
    ("", "ReduceLogSum"): reduced("ReduceLogSum", 1, kind="float", exact=False),
    ("", "ReduceLogSumExp"): reduced("ReduceLogSumExp", 5, exact=False),
    **{
        ("", op): Sample(
            f"{JOINED} a = {op} <axis = 1> (u) y = {op} <axis = -1, keepdims = 0> (c)", 12,
            "int64[N, 1] a, int64[N] y",
        )
        for op in ("ArgMax", "ArgMin")
    },
    **{
        ("", op): Sample(
            f"a = {op} (u) s = Add (u, i) y = {op} (s)", 8, "T[N, 2, 1] a, T[N, 2, 1] y",
            "T[N, 2, 2] u, T[N, 2, 2] i", kind="float",
        )
        for op in ("GlobalAveragePool", "GlobalMaxPool")
    },
    ("", "TopK"): Sample(  # one a winner
        f"{JOINED} a, b = TopK <axis = 1> (u, k) y, z = TopK <axis = -1> (c, k)", 2 + 2,
        weights={"k": whole(2)},
    ),
    ("", "CumSum"): Sample(f"{JOINED} a = CumSum (u, x) y = CumSum (c, x)", 12,
                           weights={"x": np.array(1)}),
    ("", "Trilu"): Sample(
        "a = Trilu <upper = 0> (u) s = Add (u, i) y = Trilu (s)", 0, "T[N, 2, 2] a, T[N, 2, 2] y",
        "T[N, 2, 2] u, T[N, 2, 2] i",
    ),
    ("", "Gather"): Sample(
        "a = Gather (t, uid) y = Gather (t, iid)", 0, "T[N, 2, 3] a, T[N, 2, 3] y", _IDS,
        {"t": numbers(3, 3)},
    ),
    ("", "GatherElements"): Sample(
        "a = GatherElements <axis = 1> (u, uid) y = GatherElements <axis = 1> (u, iid)", 0,
        "T[N, 2] a, T[N, 2] y", _IDS,
    ),
    ("", "GatherND"): Sample(
        "a = GatherND (t, uid) y = GatherND (t, iid)", 0, "T[N, 2] a, T[N, 2] y", _IDS,
        {"t": numbers(3, 3, 2)},
    ),
    ("", "OneHot"): Sample(
        "a = OneHot (uid, d, v) y = OneHot (iid, d, v)", 0, "T[N, 2, 3] a, T[N, 2, 3] y", _IDS,
        {"d": np.array(3), "v": np.array([0, 1])}, kind="float",
    ),
    **{("", op): unary(op, 5) for op in ("Softmax", "LogSoftmax")},
    ("", "Hardmax"): unary("Hardmax", 5, kind="float", exact=True),
    ("", "LpNormalization"): norm("LpNormalization", 3),
    ("", "BatchNormalization"): norm("BatchNormalization", 2, weights="sbmv"),
    ("", "LayerNormalization"): norm("LayerNormalization", 8, weights="sb"),
    ("", "RMSNormalization"): norm("RMSNormalization", 8, weights="s", kind="float", opset=23),
    ("", "SimplifiedLayerNormalization"): norm(
        "SimplifiedLayerNormalization", 8, attributes="<axis = -1>", weights="s", kind="float"
    ),
    ("", "RNN"): recurrent("RNN", 1),
    ("", "GRU"): recurrent("GRU", 3),
    ("", "LSTM"): recurrent("LSTM", 4),
    ("", "Conv"): Sample(  # 3 channels at 3 places, each from 2 channels and 3 places; twice
        "a = Conv (u, W) y = Conv (i, W)", 2 * (2 * 3 * 3 * 2 * 3), "T[N, 3, 3] a, T[N, 3, 3] y",
        "T[N, 2, 5] u, T[N, 2, 5] i", {"W": numbers(3, 2, 3)}, kind="float",
    ),
    **attention_samples.SAMPLES,
    ("", "Identity"): unary("Identity", 0, exact=True),
    ("", "Dropout"): unary("Dropout", 0, exact=True),
    ("", "Transpose"): Sample(f"{JOINED} a = Transpose (u) y = Transpose <perm = [1, 0]> (c)", 0,
                              "T[4, N] a, T[8, N] y"),
    ("", "Reshape"): Sample(
        f"{JOINED} a = Reshape (u, s) y = Reshape (c, s)", 0, "T[N, 2, 2] a, T[M, 2, 2] y",
        weights={"s": whole(-1, 2, 2)},
    ),
    ("", "Flatten"): Sample(
        "a = Flatten (u) c = Concat <axis = 1> (u, i) y = Flatten (c)", 0, "T[N, 4] a, T[N, 8] y",
        "T[N, 2, 2] u, T[N, 2, 2] i",
    ),
    ("", "Squeeze"): Sample(
        "a = Squeeze (u, x) c = Concat <axis = -1> (u, i) y = Squeeze (c, x)", 0,
        "T[N, 4] a, T[N, 8] y", "T[N, 1, 4] u, T[N, 1, 4] i", {"x": whole(1)},
    ),
    ("", "Unsqueeze"): Sample(
        f"{JOINED} a = Unsqueeze (u, x) y = Unsqueeze (c, x)", 0, "T[N, 4, 1] a, T[N, 8, 1] y",
        weights={"x": whole(-1)},
    ),
    ("", "Expand"): Sample(
        f"{JOINED} a = Expand (u, s) y = Expand (c, s)", 0, "T[3, N, 4] a, T[3, N, 8] y",
        weights={"s": whole(3, 1, 1)},
    ),
    ("", "Tile"): Sample(
        f"{JOINED} a = Tile (u, s) y = Tile (c, s)", 0, "T[N, 12] a, T[N, 24] y",
        weights={"s": whole(1, 3)},
    ),
    **quantized_samples.SAMPLES,
    **tabular_samples.SAMPLES,
}  # fmt: skip
"""By domain and op; the last fields say in which type onnxruntime has the op."""
