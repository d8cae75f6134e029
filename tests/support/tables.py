"""Small models on a user's and an item's table, with ops of ai.onnx.ml, and requests for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from mari_engine import plan
from mari_engine.loading import load
from mari_engine.types import Labels
from support.rewrite_checks import roles

DOMAIN, RNG = "ai.onnx.ml", np.random.default_rng(11)
USER, ITEM = 24, 6
LABELS = roles(user="user", item="item")
ANY = {"float": np.float32, "double": np.float64, "int64": np.int64, "int32": np.int32}
TYPES = {
    "float": TensorProto.FLOAT, "double": TensorProto.DOUBLE, "int64": TensorProto.INT64,
    "int32": TensorProto.INT32, "string": TensorProto.STRING,
}  # fmt: skip


def numbers(count: int) -> list[float]:
    return [float(np.float32(each)) for each in RNG.uniform(-1, 1, count)]


def made(
    op: str, read: str | Sequence[str], write: str | Sequence[str], **attributes: object
) -> onnx.NodeProto:
    """Return a node of ai.onnx.ml."""
    inputs = [read] if isinstance(read, str) else list(read)
    outputs = [write] if isinstance(write, str) else list(write)
    return helper.make_node(op, inputs, outputs, domain=DOMAIN, **attributes)


def model(
    nodes: Sequence[onnx.NodeProto], outputs: Sequence[str], *, kind: str = "float", width: int = 0
) -> bytes:
    """Return a model of a user's and an item's table; `x`, of so many columns, meets a product."""
    weights = []
    nodes = list(nodes)
    if width:
        array = RNG.uniform(-1, 1, (width, 8)).astype("f")
        weights.append(helper.make_tensor("W", TensorProto.FLOAT, array.shape, array.ravel()))
        nodes.append(helper.make_node("MatMul", ["x", "W"], ["score"]))
    shape = {"user": ["N", USER], "item": ["N", ITEM]}
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(name, TYPES[kind], shape[name]) for name in shape],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs], weights,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 3)]
    proto = helper.make_model(graph, ir_version=8, opset_imports=opsets)
    for value in (*proto.graph.output,):
        value.type.tensor_type.ClearField("shape")
    return bytes(proto.SerializeToString())


def requests(kind: str = "float", *, missing: bool = False) -> list[dict[str, np.ndarray]]:
    out = []
    for batch in (1, 2, 5):
        user = RNG.normal(size=(1, USER)) * (9 if "int" in kind else 1)
        item = RNG.normal(size=(batch, ITEM)) * (9 if "int" in kind else 1)
        if missing:
            user[:, ::3], item[0, ::2] = np.nan, np.nan
        out.append(
            {"user": np.repeat(user, batch, 0).astype(ANY[kind]), "item": item.astype(ANY[kind])}
        )
    return out


JOINED = helper.make_node("Concat", ["user", "item"], ["c"], axis=1)
ALL = USER + ITEM
SCALER = {"offset": numbers(ALL), "scale": numbers(ALL)}


def decisions(data: bytes, labels: Labels = LABELS) -> list[str]:
    """Return what became of each product."""
    return [each.action.value for each in plan(load(data), labels, candidates=5000).decisions]
