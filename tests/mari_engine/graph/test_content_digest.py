from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from mari_engine.graph import digest_content
from support.builders import build_proto

WEIGHTS = {
    "W": np.arange(12, dtype=np.float32).reshape(3, 4), "V": np.ones((2, 4), np.float32),
}  # fmt: skip
BODY = "a = MatMul (x, W)\n b = MatMul (y, V)\n s = Add (a, b)"


def proto(body: str = BODY, *, opset: int = 17, **weights: np.ndarray) -> onnx.ModelProto:
    return build_proto(
        body, inputs="float[N, 3] x, float[N, 2] y", outputs="float[N, 4] s",
        weights={**WEIGHTS, **weights}, opset=opset,
    )  # fmt: skip


def digest(model: onnx.ModelProto) -> str:
    return digest_content(ir.serde.deserialize_model(model))


def test_names_and_the_order_of_nodes_do_not_count() -> None:
    other = proto("q = MatMul (y, V)\n p = MatMul (x, W)\n s = Add (p, q)")
    assert digest(other) == digest(proto())


def test_names_of_inputs_count_since_callers_feed_by_them() -> None:
    swapped = build_proto(
        BODY, inputs="float[N, 3] x, float[N, 3] y", outputs="float[N, 4] s",
        weights={"W": WEIGHTS["W"], "V": WEIGHTS["W"] + 1},
    )  # fmt: skip
    other = build_proto(
        BODY.replace("(x,", "(z,").replace("(y,", "(x,").replace("(z,", "(y,"),
        inputs="float[N, 3] x, float[N, 3] y", outputs="float[N, 4] s",
        weights={"W": WEIGHTS["W"], "V": WEIGHTS["W"] + 1},
    )  # fmt: skip
    assert digest(swapped) != digest(other)


@pytest.mark.parametrize(
    "changed",
    [
        proto(V=WEIGHTS["V"] * 2),
        proto(BODY.replace("Add", "Sub")),
        proto(BODY.replace("(a, b)", "(b, a)")),
        proto(f"{BODY.replace('s =', 'r =')}\n s = LeakyRelu <alpha = 0.1> (r)"),
        proto(f"{BODY.replace('s =', 'r =')}\n s = LeakyRelu <alpha = 0.2> (r)"),
        proto(opset=18),
    ],
    ids=["weight", "operator", "wiring", "further op", "attribute", "opset"],
)
def test_what_is_computed_counts(changed: onnx.ModelProto) -> None:
    assert digest(changed) != digest(proto())


def test_attributes_count() -> None:
    steep, flat = (
        proto(f"{BODY.replace('s =', 'r =')}\n s = LeakyRelu <alpha = {alpha}> (r)")
        for alpha in (0.1, 0.2)
    )
    assert digest(steep) != digest(flat)


def test_weights_count_by_their_elements_wherever_they_lie(tmp_path: Path) -> None:
    found = set()
    for folder in ("one", "two"):
        path = tmp_path / folder / "m.onnx"
        path.parent.mkdir()
        onnx.save(
            proto(), path, save_as_external_data=True, location=f"{folder}.bin", size_threshold=0
        )
        found.add(digest_content(ir.load(path)))
    assert found == {digest(proto())}


def test_bodies_count() -> None:
    def branch(op: str) -> onnx.ModelProto:
        return onnx.parser.parse_model(
            f"""<ir_version: 8, opset_import: ["" : 17]>
            g (float[N, 3] x, bool c) => (float[N, 3] s) {{
              s = If (c) <
                then_branch = t () => (float[N, 3] p) {{ p = {op} (x) }},
                else_branch = e () => (float[N, 3] q) {{ q = Identity (x) }}>
            }}"""
        )

    assert digest(branch("Relu")) != digest(branch("Abs"))
    assert digest(branch("Relu")) == digest(branch("Relu"))
