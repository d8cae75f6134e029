"""Convolutions: a product over channels where the kernel has extent 1, mixing places otherwise."""

from __future__ import annotations

from itertools import count

from mari_engine.axes import (
    Axes,
    AxisLabels,
    Contract,
    Slices,
    Spec,
    Unsupported,
    align,
    flat,
    is_one,
    static,
)
from mari_engine.ops.call import Call
from mari_engine.ops.rule import FUSED, PRODUCT, UNDECLARED, Rule


def convolve(call: Call) -> Spec:
    """Return the factors of `[N, C, W], [M, C, K] -> [N, M, W']`, parallel along N only if K > 1.

    https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    data, kernel, result = call.axes(0), call.axes(1), call.inferred[0]
    if _over_channels(call, kernel):
        return _product(call, data, kernel)
    if result is None or any(static(axis) is None for axis in (*data[1:], *kernel, *result[1:])):
        raise Unsupported("extents that only the run knows")
    result = (data[0], *result[1:])
    fresh = count(len(data[0]))
    rows = tuple(range(len(data[0])))
    terms = list[AxisLabels | None]()
    mixed = set[int]()
    for at, fact in enumerate(call.operands):
        axes = None if fact is None else fact.axes
        if axes is None:
            terms.append(None)
            continue
        new = tuple(next(fresh) for _ in flat(axes[1:] if at == 0 else axes))
        mixed |= set(new)
        terms.append((*rows, *new) if at == 0 else new)
    out = tuple(next(fresh) for _ in flat(result[1:]))
    return Slices(
        operands=tuple(None if fact is None else fact.axes for fact in call.operands),
        results=(result,),
        weight=2,
        terms=tuple(terms),
        outputs=((*rows, *out),),
        mixed=frozenset(mixed),
        work=(*flat(result), *flat(kernel[1:])),
    )


def _over_channels(call: Call, kernel: Axes) -> bool:
    """Return True for kernels of extent 1: a product over channels at each place, `[M, C, 1]`."""
    plain = all(
        set(call.attribute(name, (default,))) == {default}
        for name, default in (("strides", 1), ("dilations", 1), ("pads", 0))
    )
    padded = call.attribute("auto_pad", "NOTSET") not in ("NOTSET", "VALID")
    grouped = call.attribute("group", 1) != 1
    return plain and not padded and not grouped and all(is_one(axis) for axis in kernel[2:])


def _product(call: Call, data: Axes, kernel: Axes) -> Spec:
    """Return the factors of `[N, C, W], [M, C, 1] -> [N, M, W]`, summed over C."""
    channels = align(data[1], kernel[1])
    fresh = count()
    rows, out, summed, places = (
        tuple(next(fresh) for _ in flat(axes))
        for axes in (data[:1], kernel[:1], (channels,), data[2:])
    )
    operands = [(data[0], channels, *data[2:]), (kernel[0], channels, *kernel[2:])]
    if call.given(2):
        operands.append(kernel[:1])
    return Contract(
        operands=tuple(operands),
        results=((data[0], kernel[0], *data[2:]),),
        weight=2,
        terms=((*rows, *summed, *places), (*out, *summed)),
        output=(*rows, *out, *places),
        addend=out if call.given(2) else None,
    )


RULES = (
    Rule("Conv", convolve, traits=PRODUCT),
    Rule("ConvTranspose", refusal=UNDECLARED, traits=PRODUCT),
    Rule("DeformConv", refusal=UNDECLARED, traits=PRODUCT),
    Rule("FusedConv", domain="com.microsoft", refusal=FUSED, traits=PRODUCT),
)
