"""A ranking model of any size, as exporters write it: fields, a history encoder, experts, heads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH = 8
LENGTH = 10
HEADS = 4


def large_ranker(nodes: int, *, seed: int = 0) -> onnx.ModelProto:
    """Return a model of about this many nodes, whose names tell of its modules.

    Half of the nodes look up and scale fields of the user and of the item, a fifth encodes the
    user's history in attention blocks, the rest are experts over the joined fields and heads.
    """
    writer = _Writer(seed)
    fields = max(4, nodes // 2 // 8)
    users = [writer.field("user", at) for at in range(fields // 2)]
    items = [writer.field("item", at) for at in range(fields - fields // 2)]
    blocks = max(1, nodes // 5 // 16)
    history = writer.history(blocks)
    joined = writer.op("Concat", "/join", [*users, history, *items], axis=1)
    width = (fields + 1) * WIDTH
    experts = max(2, min(24, (nodes - len(writer.nodes)) // 24))
    layers = max(1, (nodes - len(writer.nodes)) // (2 * experts))
    mixed = [writer.expert(at, joined, width, layers) for at in range(experts)]
    for at in range(HEADS):
        writer.head(at, mixed)
    return writer.finish()


class _Writer:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def op(self, op: str, scope: str, taken: Sequence[str], **attributes: object) -> str:
        value = f"v{len(self.nodes)}"
        name = f"{scope}/{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(taken), [value], name=name, **attributes))
        return value

    def weight(self, *extents: int) -> str:
        array = self.rng.standard_normal(extents).astype(np.float32) / np.sqrt(extents[0])
        return self.constant(array.astype(np.float32))

    def constant(self, array: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(array, f"w{len(self.weights)}"))
        return str(self.weights[-1].name)

    def given(self, name: str, kind: int, *extents: int | str) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, list(extents)))
        return name

    def field(self, side: str, at: int) -> str:
        """A looked-up id, normalized and gated: eight nodes."""
        scope = f"/{side}/fields.{at}"
        ids = self.given(f"{side}_{at}", TensorProto.INT64, "N", 1)
        rows = self.op("Gather", f"{scope}/table", [self.weight(20, WIDTH), ids], axis=0)
        flat = self.op("Reshape", scope, [rows, self.constant(np.array([-1, WIDTH]))])
        mean = self.op("ReduceMean", f"{scope}/norm", [flat], axes=[1])
        centered = self.op("Sub", f"{scope}/norm", [flat, mean])
        scaled = self.op("Mul", f"{scope}/norm", [centered, self.weight(WIDTH)])
        gate = self.op("MatMul", f"{scope}/gate", [scaled, self.weight(WIDTH, WIDTH)])
        open_ = self.op("Sigmoid", f"{scope}/gate", [gate])
        return self.op("Mul", f"{scope}/gate", [scaled, open_])

    def history(self, blocks: int) -> str:
        """Self-attention over the user's history: sixteen nodes a block, then its mean."""
        x = self.given("user_history", TensorProto.FLOAT, "N", LENGTH, WIDTH)
        for at in range(blocks):
            scope = f"/history/layers.{at}"
            q, k, v = (self.linear(f"{scope}/attn/{name}", x) for name in "qkv")
            turned = self.op("Transpose", f"{scope}/attn", [k], perm=[0, 2, 1])
            scores = self.op("MatMul", f"{scope}/attn", [q, turned])
            scaled = self.op(
                "Mul", f"{scope}/attn", [scores, self.constant(np.array([0.35], np.float32))]
            )
            weights = self.op("Softmax", f"{scope}/attn", [scaled], axis=-1)
            seen = self.op("MatMul", f"{scope}/attn", [weights, v])
            x = self.op("Add", scope, [x, self.linear(f"{scope}/attn/out", seen)])
            wide = self.op("Relu", f"{scope}/ffn", [self.linear(f"{scope}/ffn/0", x)])
            x = self.op("Tanh", scope, [self.op("Add", scope, [x, wide])])
        return self.op("ReduceMean", "/history", [x], axes=[1], keepdims=0)

    def linear(self, scope: str, x: str) -> str:
        product = self.op("MatMul", scope, [x, self.weight(WIDTH, WIDTH)])
        return self.op("Add", scope, [product, self.weight(WIDTH)])

    def expert(self, at: int, joined: str, width: int, layers: int) -> str:
        x = joined
        for layer in range(layers):
            scope = f"/experts.{at}/{layer}"
            taken = [x, self.weight(width if layer == 0 else WIDTH, WIDTH), self.weight(WIDTH)]
            x = self.op("Relu", scope, [self.op("Gemm", scope, taken)])
        return x

    def head(self, at: int, mixed: Sequence[str]) -> None:
        scope = f"/heads.{at}"
        joined = self.op("Concat", scope, mixed, axis=1)
        taken = [joined, self.weight(len(mixed) * WIDTH, 1), self.weight(1)]
        self.op("Sigmoid", scope, [self.op("Gemm", scope, taken)])
        self.nodes[-1].output[0] = f"task_{at}"
        self.outputs.append(
            helper.make_tensor_value_info(f"task_{at}", TensorProto.FLOAT, ["N", 1])
        )

    def finish(self) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "ranker", self.inputs, self.outputs, self.weights)
        opsets = [helper.make_opsetid("", 17)]
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        return model
