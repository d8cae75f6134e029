"""Quantized ops, called as they are: never split, but run once for the request where they can.

Split into parts, a product would round each part to its own numbers. Rows are treated alone where
the scale is given, and a scale that is taken from the whole tensor, `max |x|`, is the same for one
row as for many equal ones: so `[1, K]` may stand for `[N, K]`. A sum that is rounded to a few steps
afterwards keeps its order, since a difference in its last bit may lead to another step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import onnx_ir as ir

from mari_engine.axes import (
    Affine,
    Axes,
    Axis,
    AxisLabels,
    Contract,
    Pointwise,
    Reduce,
    Slices,
    Spec,
    Unsupported,
    flat,
    is_one,
    positions,
    size,
)
from mari_engine.ops.call import Call, normal
from mari_engine.ops.contraction import gemm, matmul
from mari_engine.ops.rule import PRODUCT, Rule, Trait

QUANTIZED = (
    "its parts would be rounded apart, to other numbers; leave this layer in float, or quantize "
    "the optimized model"
)
BEFORE = (
    "what follows rounds its result to few steps, which tell any other order of sums apart; "
    "quantize the optimized model instead"
)
DYNAMIC = f"its input's scale is taken from all rows and columns at once: {QUANTIZED}"


_ROUNDING = frozenset({"QuantizeLinear", "DynamicQuantizeLinear", "DynamicQuantizeMatMul"})
_FLOATS = (ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.DOUBLE, ir.DataType.BFLOAT16)


def element(call: Call) -> Spec:
    """Return the factors of QuantizeLinear or DequantizeLinear, `[N, K] -> [N, K]`.

    The scale is one number, or one for each place of an axis.

    https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
    """
    axes = call.axes(0)
    if call.attribute("block_size", 0):
        raise Unsupported("scales of blocks")
    own = tuple(range(len(flat(axes))))
    operands = list[Axes | None]([axes])
    terms = list[AxisLabels | None]([own])
    for at in range(1, len(call.operands)):
        scale = call.axes(at) if call.given(at) else ()
        if all(is_one(axis) for axis in scale):
            operands.append(None)
            terms.append(None)
            continue
        axis = normal(int(call.attribute("axis", 1)), len(axes))
        if len(scale) != 1 or not size(scale[0]).same(size(axes[axis])):
            raise Unsupported("scales that are not one for each place of an axis")
        operands.append((axes[axis],))
        terms.append(positions(axes)[axis])
    return Slices(
        operands=tuple(operands),
        results=(axes,),
        weight=2,
        terms=tuple(terms),
        outputs=(own,),
        mixed=_together(own, flat(axes)),
    )


def _together(labels: AxisLabels, dims: Axis) -> frozenset[int]:
    """Return the labels of columns, which stay together: runtimes fuse the ops that read them."""
    return frozenset(at for at, dim in zip(labels, dims, strict=True) if isinstance(dim, int))


def dynamic(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, K], [], []`, whose scale is taken from all elements.

    https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
    """
    axes = call.axes(0)
    own = tuple(range(len(flat(axes))))
    return Slices(
        operands=(axes,),
        results=(axes, (), ()),
        weight=3,
        terms=(own,),
        outputs=(own, (), ()),
        mixed=frozenset(own),
        once=frozenset(own),
    )


def whole(spec: Contract, why: str, *, mixed: frozenset[int] = frozenset()) -> Slices:
    """Return the factors of a product that is called as it is: columns stay together, and its
    sums are never split."""
    if any(len(axes) < 2 for axes in spec.operands[:2] if axes is not None):
        raise Unsupported("a vector of quantized numbers")
    terms = (*spec.terms, *(() if spec.addend is None else (spec.addend,)))
    labels = {label for own in terms for label in own}
    rest = len(spec.operands) - len(terms)
    columns = _together(spec.output, flat(spec.results[0]))
    return Slices(
        operands=spec.operands,
        results=spec.results,
        weight=spec.weight,
        terms=(*terms, *[None] * rest),
        outputs=(spec.output,),
        mixed=mixed | columns | frozenset(labels - set(spec.output) - {-1}),
        work=tuple(spec.extents().values()),
        why=why,
    )


def before_rounding(graph: ir.Graph) -> frozenset[ir.Node]:
    """Return the nodes with a way to an op that rounds to a few steps."""
    found = set[ir.Node]()
    for node in reversed(graph):
        readers = [use.node for value in node.outputs for use in value.uses()]
        if any(reader.op_type in _ROUNDING or reader in found for reader in readers):
            found.add(node)
    return frozenset(found)


def bit_by_bit(spec: Spec, node: ir.Node, *, product: bool) -> Spec:
    """Return the factors of a node whose result must be the same in every bit.

    Raises Unsupported where already the number of rows changes the order of its sums.
    """
    if isinstance(spec, Pointwise):
        return replace(spec, linear=None)
    if isinstance(spec, Affine):
        return Slices(spec.operands, spec.results, spec.weight, spec.terms, spec.outputs)
    adds = isinstance(spec, Contract) or (isinstance(spec, Reduce) and not spec.idempotent)
    summed = adds or (product and not getattr(spec, "why", ""))
    if summed and node.outputs[0].dtype in _FLOATS:
        raise Unsupported(BEFORE)
    return spec


def runs_on_integers(node: ir.Node) -> bool:
    """Return True for a product between DequantizeLinear and QuantizeLinear.

    Runtimes fuse the three into one product of integers.
    """
    return reads_quantized(node) and all(
        use.node.op_type == "QuantizeLinear"
        or (use.node.op_type in ("Relu", "Clip") and _rounded(use.node))
        for use in node.outputs[0].uses()
    )


def _rounded(node: ir.Node) -> bool:
    return all(use.node.op_type == "QuantizeLinear" for use in node.outputs[0].uses())


def reads_quantized(node: ir.Node) -> bool:
    """Return True for an op that reads a DequantizeLinear of something other than a weight."""
    made = [value.producer() for value in node.inputs if value is not None]
    return any(
        maker is not None
        and maker.op_type == "DequantizeLinear"
        and (held := maker.inputs[0]) is not None
        and not held.is_initializer()
        for maker in made
    )


def product(
    declare: Callable[[Call], Spec], factors: tuple[int, int], why: str, *, scaled: bool = False
) -> Callable[[Call], Spec]:
    """Return the factors of a product of these two operands, the others being scales.

    `scaled` says that the first factor's scale is taken from all of it.
    """

    def declare_product(call: Call) -> Spec:
        facts = tuple(call.fact(at) for at in factors)
        plain = Call(
            call.op, call.version, call.attributes, facts, 1, call.inferred[:1], call.fresh
        )
        spec = declare(plain)
        if not isinstance(spec, Contract):
            raise Unsupported("a product of another form")
        for at in range(len(call.operands)):
            if at not in factors and call.given(at) and _varies(call, at):
                raise Unsupported("a scale for each row")
        held = whole(spec, why, mixed=frozenset(spec.terms[0]) if scaled else frozenset())
        operands, terms = (list[object]([None] * len(call.operands)) for _ in range(2))
        for at, axes, labels in zip(factors, held.operands, held.terms, strict=True):
            operands[at], terms[at] = axes, labels
        once = frozenset(spec.terms[0]) if scaled else frozenset[int]()
        return Slices(
            operands=tuple(operands),  # type: ignore[arg-type]
            results=held.results,
            weight=2,
            terms=tuple(terms),  # type: ignore[arg-type]
            outputs=held.outputs,
            mixed=held.mixed,
            work=held.work,
            once=once,
            why=why,
        )

    return declare_product


def _varies(call: Call, at: int) -> bool:
    """Return True for an operand with a free extent: a scale for each row."""
    return any(size(axis).symbols for axis in call.axes(at))


_QUANTIZING = frozenset({Trait.QUANTIZING})
_SCALING = _QUANTIZING | {Trait.UNFOLDED}

RULES = (
    Rule("QuantizeLinear", element, traits=_SCALING),
    Rule("DequantizeLinear", element, traits=_SCALING),
    Rule("DynamicQuantizeLinear", dynamic, traits=_SCALING),
    Rule("MatMulInteger", product(matmul, (0, 1), DYNAMIC), traits=PRODUCT),
    Rule("QLinearMatMul", product(matmul, (0, 3), QUANTIZED), traits=PRODUCT | _QUANTIZING),
    Rule("QGemm", product(gemm, (0, 3), QUANTIZED), domain="com.microsoft", traits=PRODUCT),
    Rule(
        "DynamicQuantizeMatMul", product(matmul, (0, 1), DYNAMIC, scaled=True),
        domain="com.microsoft", traits=PRODUCT | _QUANTIZING,
    ),
    Rule(
        "MatMulIntegerToFloat", product(matmul, (0, 1), DYNAMIC), domain="com.microsoft",
        traits=PRODUCT,
    ),
    Rule("ConvInteger", refusal=DYNAMIC, traits=PRODUCT),
    Rule("QLinearConv", refusal=QUANTIZED, traits=PRODUCT | _QUANTIZING),
    Rule("QAttention", domain="com.microsoft", refusal=DYNAMIC, traits=PRODUCT),
    Rule("MatMulNBits", domain="com.microsoft", refusal=QUANTIZED, traits=PRODUCT),
)  # fmt: skip
