"""Roofline: a device's peak of arithmetic (FLOP/s) and of memory traffic (B/s), measured."""

from __future__ import annotations

import numpy as np
import onnx

from mari_engine.loading import load
from mari_engine.runtime import open_session
from mari_engine.types import Peak

_SIDES = (512, 1024, 2048, 4096)
"""Extents of the square products, in turn, until one of them takes long enough."""
_LONG = 0.05
_ELEMENTS = 1 << 25
"""Of the copied array: 128 MiB, more than caches hold."""
_FLOAT = 4
_RUNS = 5

_PRODUCT = """<ir_version: 8, opset_import: ["": 17]>
g (float[N, {side}] x) => (float[N, {side}] y)
<int64[2] extents = {{{side}, {side}}}>
{{ w = ConstantOfShape <value = float[1] {{0.5}}> (extents) y = MatMul (x, w) }}"""
_COPY = """<ir_version: 8, opset_import: ["": 17]>
g (float[N] x) => (float[N] y) { y = Neg (x) }"""


def measure_peak(*, device: str = "cpu", threads: int = 1) -> Peak:
    """Return the best rates of float32 products and of streaming through memory, of several runs.

    These are the lines of a roofline (Williams, Waterman and Patterson, CACM 2009) for what
    onnxruntime itself reaches on this device with so many threads. Raises ExecutionError where the
    device is absent.
    """
    return Peak(_arithmetic(device, threads), _traffic(device, threads))


def _arithmetic(device: str, threads: int) -> float:
    best = 0.0
    for side in _SIDES:
        taken = _fastest(_PRODUCT.format(side=side), (side, side), device, threads)
        best = max(best, 2 * side**3 / taken)
        if taken > _LONG:
            break
    return best


def _traffic(device: str, threads: int) -> float:
    return 2 * _ELEMENTS * _FLOAT / _fastest(_COPY, (_ELEMENTS,), device, threads)


def _fastest(text: str, shape: tuple[int, ...], device: str, threads: int) -> float:
    """Return the seconds of the fastest run: what disturbs a run can only make it slower."""
    model = load(onnx.parser.parse_model(text).SerializeToString(), name="roofline")
    feeds = {"x": np.ones(shape, np.float32)}
    bound = open_session(model, device=device, threads=threads).bind(feeds)
    # One thread's own time also counts right while other programs keep the processor busy.
    processor = device == "cpu" and threads == 1
    bound.run()
    return min(bound.seconds(processor=processor) for _ in range(_RUNS))
