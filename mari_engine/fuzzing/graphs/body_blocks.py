"""Random blocks with bodies and states: Scan, Loop, If, bags of ids, quantized layers.

GRU and LSTM are not among them: onnxruntime has them in float32 only, too coarse for this test.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from mari_engine.fuzzing.graphs.graph_writer import FLOATS, Extent, Value, Writer
from mari_engine.fuzzing.graphs.tile_faces import tiled

_SHAPES: dict[int, list[int]] = {TensorProto.INT64: [], TensorProto.BOOL: []}
"""By element type: iterations and conditions are scalars; of states nothing is declared."""


def _body(
    w: Writer, nodes: Sequence[onnx.NodeProto], inputs: Sequence[tuple[str, int]],
    outputs: Sequence[tuple[str, int]],
) -> onnx.GraphProto:  # fmt: skip
    """Return the graph of a body; a value is given by name and element type."""
    sides = (
        [helper.make_tensor_value_info(name, kind, _SHAPES.get(kind)) for name, kind in side]
        for side in (inputs, outputs)
    )
    return helper.make_graph(list(nodes), w.name("body"), *sides)


def _node(
    w: Writer, op: str, inputs: Sequence[str], output: str, **given: object
) -> onnx.NodeProto:
    return helper.make_node(op, list(inputs), [output], name=w.name(f"/inner/{op}"), **given)


def scanned(w: Writer, history: Value) -> Value:
    """A state that is halved and added to at each place, by Scan."""
    kind, first = FLOATS[w.dtype], _place(w, history, 0)
    state, step, new, out = (w.name(stem) for stem in ("state", "step", "new", "out"))
    half = w.const(2.0)
    kept = w.name("kept")
    body = _body(
        w,
        [
            _node(w, "Mul", [state, half.name], kept),
            _node(w, "Add", [kept, step], new),
            _node(w, "Identity", [new], out),
        ],
        [(state, kind), (step, kind)], [(new, kind), (out, kind)],
    )  # fmt: skip
    _, all_states = w.ops(
        "Scan", [first, history], [first.shape, history.shape], body=body, num_scan_inputs=1,
        scan_input_axes=[1], scan_output_axes=[1],
    )  # fmt: skip
    return all_states


def looped(w: Writer, history: Value) -> Value:
    """The sum of the first places, by a Loop that looks them up outside of it."""
    kind, first = FLOATS[w.dtype], _place(w, history, 0)
    at, go, state, on, step, new = (w.name(s) for s in ("at", "go", "state", "on", "step", "new"))
    body = _body(
        w,
        [
            _node(w, "Gather", [history.name, at], step, axis=1),
            _node(w, "Add", [state, step], new),
            _node(w, "Identity", [go], on),
        ],
        [(at, TensorProto.INT64), (go, TensorProto.BOOL), (state, kind)],
        [(on, TensorProto.BOOL), (new, kind)],
    )  # fmt: skip
    trips, goes = w.const(1, np.int64), w.const(True, np.bool_)
    return w.op("Loop", [trips, goes, first], first.shape, body=body)


def recurred(w: Writer, start: Value, history: Value) -> Value:
    """A recurrence over the history, from a state that is made of a row; each step is projected."""
    kind, width = FLOATS[w.dtype], w.below(4, 2)
    first = w.matmul(start, w.weight(start.width, width))
    first = tiled(w, first) if history.rows == "N" != first.rows else first  # states do not grow
    state, step, made, kept, new, out = (
        w.name(s) for s in ("state", "step", "made", "kept", "new", "out")
    )
    weight, bias = w.weight(history.width, width), w.weight(width)
    nodes = [_projected(w, step, weight, bias, made)]
    if w.whole:
        nodes.append(_node(w, "Add", [state, made], new))
    else:
        nodes += [
            _node(w, "MatMul", [state, w.weight(width, width).name], kept),
            _node(w, w.pick("Add", "Mul"), [kept, made], out), _node(w, "Tanh", [out], new),
        ]  # fmt: skip
    if isinstance(history.shape[1], int) and w.chance(0.6):  # of no steps it ends the process
        body = _body(w, nodes, [(state, kind), (step, kind)], [(new, kind)])
        return w.op(
            "Scan", [first, history], first.shape, body=body, num_scan_inputs=1,
            scan_input_axes=[1], scan_input_directions=[w.below(2)],
        )  # fmt: skip
    at, go, on = (w.name(s) for s in ("at", "go", "on"))
    nodes = [
        _node(w, "Gather", [history.name, at], step, axis=1), *nodes,
        _node(w, "Identity", [go], on),
    ]  # fmt: skip
    body = _body(
        w, nodes, [(at, TensorProto.INT64), (go, TensorProto.BOOL), (state, kind)],
        [(on, TensorProto.BOOL), (new, kind)],
    )  # fmt: skip
    whole = w.op("Shape", [history], [3])
    trips, goes = w.op("Gather", [whole, w.const(1, np.int64)], [], axis=0), w.const(True, np.bool_)
    return w.op("Loop", [trips, goes, first], first.shape, body=body)


def _projected(w: Writer, step: str, weight: Value, bias: Value, made: str) -> onnx.NodeProto:
    """Return the product of one step, with a bias or none."""
    if w.chance(0.5):
        return _node(w, "MatMul", [step, weight.name], made)
    return _node(w, "Gemm", [step, weight.name, bias.name], made)


def _place(w: Writer, history: Value, at: int) -> Value:
    shape = [history.rows, history.width]
    return w.op("Gather", [history, w.const(at, np.int64)], shape, axis=1)


def decided(w: Writer, x: Value, y: Value) -> Value:
    """One of two rows for all, by an If whose branches read values outside of it."""
    kind, width = FLOATS[w.dtype], w.below(4, 2)
    a, b = (w.matmul(x, w.weight(x.width, width)) for _ in range(2))
    largest = w.op("ReduceMax", [y], [], keepdims=0)
    over = w.op("Greater", [largest, w.const(0.5)], [])
    branches = []
    for op, of in (("Relu" if w.opset >= 14 else "Neg", a), ("Abs", b)):
        out = w.name("branch")
        branches.append(_body(w, [_node(w, op, [of.name], out)], [], [(out, kind)]))
    return w.op("If", [over], a.shape, then_branch=branches[0], else_branch=branches[1])


def bagged(w: Writer, ids: Value, vocabulary: int) -> Value:
    """An EmbeddingBag over ids [rows, k], as the TorchScript exporter writes it: a loop."""
    kind, width, table = FLOATS[w.dtype], w.below(4, 2), w.weight(vocabulary, w.below(4, 2))
    width, step = table.width, ids.width
    flat = w.op("Reshape", [w.cast(ids, np.int64), w.ints(-1)], ["?"])
    count, end = w.op("Size", [ids], []), w.op("Shape", [flat], [1])
    begins = w.op("Range", [w.const(0, np.int64), count, w.const(step, np.int64)], ["?"])
    both = w.op("Concat", [begins, end], ["?"], axis=0)
    cut = [w.ints(1), w.ints(2**62), w.ints(0)]
    ends = w.op("Slice", [both, *cut], ["?"])
    trips = w.op("Gather", [w.op("Shape", [ends], [1]), w.const(0, np.int64)], [], axis=0)
    first = w.ints(0)
    at, go, on, start, stop, own, rows, out = (w.name(f"bag{k}") for k in range(8))
    nodes = [
        _node(w, "Gather", [both.name, at], start), _node(w, "Gather", [ends.name, at], stop),
        *_listed(w, start), *_listed(w, stop),
        _node(w, "Slice", [flat.name, f"{start}_l", f"{stop}_l", first.name], own),
        _node(w, "Gather", [table.name, own], rows), _summed(w, rows, out, first.name),
        _node(w, "Identity", [go], on),
    ]  # fmt: skip
    body = _body(w, nodes, [(at, TensorProto.INT64), (go, TensorProto.BOOL)],
                 [(on, TensorProto.BOOL), (out, kind)])  # fmt: skip
    goes = w.const(True, np.bool_)
    return w.op("Loop", [trips, goes], [ids.rows, width], body=body)


def _listed(w: Writer, name: str) -> list[onnx.NodeProto]:
    """Reshape a number to a list of one; it needs no axes of any opset."""
    shape = w.ints(1)
    return [_node(w, "Reshape", [name, shape.name], f"{name}_l")]


def _summed(w: Writer, rows: str, out: str, first: str) -> onnx.NodeProto:
    if w.opset >= 13:
        return _node(w, "ReduceSum", [rows, first], out, keepdims=0)
    return _node(w, "ReduceSum", [rows], out, keepdims=0, axes=[0])


def quantized(w: Writer, x: Value) -> Value:
    """A layer on whole numbers, its input's scale taken from all of it."""
    width, zero = w.below(4, 2), w.const(128, np.uint8)
    single = w.cast(x, np.float32)
    y, scale, point = w.ops("DynamicQuantizeLinear", [single], [x.shape, (), ()])
    kernel = w.const(w.rng.integers(0, 255, (x.width, width)), np.uint8)
    shape: list[Extent] = [*x.shape[:-1], width]
    product = w.op("MatMulInteger", [y, kernel, point, zero], shape)
    scaled = w.op("Mul", [w.cast(product, np.float32), scale], shape)
    return w.cast(scaled, w.dtype)
