"""Measures on a device what expected times are made of: the prices of work, in seconds."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from mari_engine.loading import load
from mari_engine.rewriting.cost.prices import Prices
from mari_engine.runtime import describe_machine, open_session

_BUDGET = 0.15
"""Seconds that each measurement is repeated for."""
_FEWEST = 5
_SAMPLE = 1e-3
"""Seconds that one sample takes at least: shorter runs are timed several in a row."""
_ROWS, _WIDTH = 500, 256
_OUT_OF_CACHE = 8
"""So many times the rows make a tensor that does not stay in a core's own cache."""
_SIDES = (16, 64, 256)
"""Extents of the square weights for which products are timed: the curve of their rate."""
_NODES = 64
_STACK, _INNER = 2_000, 8
_PIECES = 16
_WEIGHT = 4
"""FLOPs of an element of Sigmoid, as they are counted."""
_FLOAT = 4
_LEAST = 0.05
"""The share of a reference below which a measurement is taken for noise."""


@dataclass(frozen=True)
class Calibration:
    """What was measured on one device, and the prices that follow."""

    device: str
    machine: str
    onnxruntime: str
    prices: Prices
    curve: Mapping[int, float]
    """FLOPs per second of products, by the extent of their square weights."""


_REFERENCE = Prices(
    flops_per_second=1.05e11, arithmetic_per_second=1.4e10, bytes_per_second=2.8e10, node=2.9e-7,
    batch=1.2e-7, piece=2.2e-9, pick=7.6e-9,
)  # fmt: skip
"""What these runs gave on the machine for which the built-in prices were fitted."""


def calibrate(device: str = "cpu") -> Calibration:
    """Return the prices of this device, from about two seconds of small runs on one thread.

    Small runs find their operands in caches, whole models do not: the built-in prices, fitted to
    whole models, are taken times what the runs give here by what they gave where those were
    fitted. Raises ExecutionError for a device that is absent.
    """
    node = (_chain(_NODES, device) - _chain(1, device)) / (_NODES - 1)
    byte = _byte(node, device)
    shape = [_ROWS, _WIDTH]
    sigmoid = _run("y = Sigmoid (x)", shape, device) - _run("y = Neg (x)", shape, device)
    curve = {side: _rate(side, node, byte, device) for side in _SIDES}
    product = 1 / statistics.median(curve.values())
    machine = describe_machine()
    built_in = Prices()

    def seconds(name: str, taken: float) -> float:
        return float(getattr(built_in, name) * max(taken / getattr(_REFERENCE, name), _LEAST))

    def rate(name: str, each: float) -> float:
        return float(getattr(built_in, name) / max(each * getattr(_REFERENCE, name), _LEAST))

    flops = rate("flops_per_second", product)
    prices = Prices(
        flops_per_second=flops,
        # Convolutions and recurrences reach about the same share of a product's rate everywhere.
        slices_per_second=built_in.slices_per_second * flops / built_in.flops_per_second,
        arithmetic_per_second=rate("arithmetic_per_second", sigmoid / (_WEIGHT * _ROWS * _WIDTH)),
        bytes_per_second=rate("bytes_per_second", byte),
        node=seconds("node", node),
        batch=seconds("batch", _batch(node, byte, product, device)),
        piece=seconds("piece", _piece(device)),
        pick=seconds("pick", _pick(node, byte, device)),
        source=f"calibrated ({device}, onnxruntime {machine['onnxruntime']})",
    )
    return Calibration(device, machine["processor"], machine["onnxruntime"], prices, curve)


def _byte(node: float, device: str) -> float:
    """Return the seconds of a byte that is read or written: half streamed, half moved elsewhere."""
    large = [_OUT_OF_CACHE * _ROWS, _INNER, _WIDTH // _INNER]
    moved = 2 * _FLOAT * _OUT_OF_CACHE * _ROWS * _WIDTH
    streamed = _run("y = Neg (x)", large, device)
    turned = _run("y = Transpose <perm = [1, 0, 2]> (x)", large, device)
    return ((streamed + turned) / 2 - node) / moved


def _chain(nodes: int, device: str) -> float:
    body = " ".join(f"x{at + 1} = Add (x{at}, x)" for at in range(nodes))
    return _run(f"x0 = Neg (x) {body} y = Neg (x{nodes})", [1, _INNER], device)


def _rate(side: int, node: float, byte: float, device: str) -> float:
    """Return the FLOPs per second of `[rows, side] x [side, side]`."""
    weight = np.full((side, side), 0.5, np.float32)
    taken = _run("y = MatMul (x, w)", [_ROWS, side], device, w=weight)
    moved = _FLOAT * (2 * _ROWS * side + side * side)
    flops = 2 * _ROWS * side * side
    return flops / max(taken - node - moved * byte, _LEAST * flops / _REFERENCE.flops_per_second)


def _batch(node: float, byte: float, product: float, device: str) -> float:
    """Return the seconds of one more matrix in a stack of small ones."""
    weight = np.full((_STACK, _INNER, _INNER), 0.5, np.float32)
    taken = _run("y = MatMul (x, w)", [_STACK, 1, _INNER], device, w=weight)
    moved = _FLOAT * _STACK * (2 * _INNER + _INNER**2)
    return (taken - node - moved * byte) / _STACK - 2 * _INNER**2 * product


def _piece(device: str) -> float:
    """Return the seconds of one more piece of a row: the same bytes joined of many and of two."""
    many, two = (
        _run(
            f"y = Concat <axis = 1> ({', '.join(['x'] * pieces)})",
            [_ROWS, _PIECES * _INNER // pieces], device,
        )
        for pieces in (_PIECES, 2)
    )  # fmt: skip
    return (many - two) / (_ROWS * (_PIECES - 2))


def _pick(node: float, byte: float, device: str) -> float:
    """Return the seconds of one more column that is picked by index."""
    columns = np.arange(0, _WIDTH, 4)[::-1].copy()
    taken = _run("y = Gather <axis = 1> (x, w)", [_ROWS, _WIDTH], device, w=columns)
    count = _ROWS * len(columns)
    return (taken - node - 2 * _FLOAT * count * byte) / count


def _run(body: str, shape: list[int], device: str, **weights: np.ndarray) -> float:
    """Return the median seconds of one run of `y = f(x)`."""
    extents = ", ".join(map(str, shape))
    proto = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["": 17]> g (float[{extents}] x) => (float y) {{ {body} }}'
    )
    proto.graph.output[0].type.tensor_type.ClearField("shape")
    for name, array in weights.items():
        proto.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    model = load(proto.SerializeToString(), name="calibration")
    bound = open_session(model, device=device, threads=1).bind({"x": np.ones(shape, np.float32)})
    # One thread's own time also counts right while other programs keep the processor busy.
    processor = device == "cpu"
    first = bound.seconds(warm_ups=1, processor=processor)
    runs = 1 + int(_SAMPLE / max(1e-7, first))
    samples = max(_FEWEST, int(_BUDGET / (runs * max(1e-7, first))))
    return statistics.median(bound.seconds(runs=runs, processor=processor) for _ in range(samples))
