"""Small ONNX models for tests, written in ONNX's own text syntax."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import onnx.parser


def build_proto(
    body: str,
    *,
    inputs: str,
    outputs: str,
    weights: Mapping[str, np.ndarray] | None = None,
    opset: int = 17,
) -> onnx.ModelProto:
    """Return a model whose graph is `body`, one `y = Op <attr: type = value> (a, b)` a line.

    `inputs` and `outputs` are typed values such as "float[N, 3] x, int64[N] id"; `weights` become
    initializers. https://github.com/onnx/onnx/blob/main/docs/Syntax.md
    """
    head = f'<ir_version: 8, opset_import: ["" : {opset}]>'
    proto = onnx.parser.parse_model(f"{head} g ({inputs}) => ({outputs}) {{ {body} }}")
    for name, array in (weights or {}).items():
        proto.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array), name))
    return proto


def build(
    body: str,
    *,
    inputs: str,
    outputs: str,
    weights: Mapping[str, np.ndarray] | None = None,
    opset: int = 17,
) -> bytes:
    """Return the same as file contents, ready for `mari_engine.load`."""
    proto = build_proto(body, inputs=inputs, outputs=outputs, weights=weights, opset=opset)
    return bytes(proto.SerializeToString())


def ranking_tower(
    *, user: int = 4, item: int = 3, hidden: int = 5, seed: int = 0, rows: int | str = "N"
) -> bytes:
    """Return the paper's tower in little: Concat(user, item) → Gemm → Relu → Gemm."""
    rng = np.random.default_rng(seed)
    return build(
        """
        joined = Concat <axis = 1> (user, item)
        hidden = Gemm (joined, W0, b0)
        active = Relu (hidden)
        score = Gemm (active, W1, b1)
        """,
        inputs=f"float[{rows}, {user}] user, float[{rows}, {item}] item",
        outputs=f"float[{rows}, 1] score",
        weights={
            "W0": rng.standard_normal((user + item, hidden)).astype(np.float32),
            "b0": rng.standard_normal(hidden).astype(np.float32),
            "W1": rng.standard_normal((hidden, 1)).astype(np.float32),
            "b1": rng.standard_normal(1).astype(np.float32),
        },
    )
