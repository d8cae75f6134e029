"""Models of one fused attention over inputs of both sides, and requests for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import helper, numpy_helper

from mari_engine import load, plan
from mari_engine.types import InputLabel, Labels, Role
from support.rewrite_checks import wrong_rewrites

HEADS, WIDTH, LENGTH = 2, 4, 5
TYPES = {"f": np.float32, "b": np.bool_, "i": np.int64, "j": np.int32}
RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Form:
    """One node over inputs whose names begin with u (request) or i (candidates).

    An input is "f N, 5, 8": its type, b for a mask, i for int64, j for int32, and its shape.
    """

    inputs: Mapping[str, str]
    operands: str
    """Names of inputs and weights, "-" for one that is left out."""
    op: str = "Attention"
    domain: str = ""
    attributes: Mapping[str, object] = field(default_factory=dict)
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    opset: int = 23
    results: int = 1


def build(form: Form) -> bytes:
    names = ["" if name == "-" else name for name in form.operands.split()]
    outputs = ["y", "key", "value", "scores"][: form.results]
    node = helper.make_node(
        form.op, names, outputs, name="/attention", domain=form.domain, **form.attributes
    )
    infos = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(np.dtype(TYPES[text[0]])), _dims(text)
        )
        for name, text in form.inputs.items()
    ]
    flat = len(_dims(form.inputs[form.operands.split()[0]])) == 3
    ranks = [3 if flat else 4, 4, 4, 4]
    made = [
        helper.make_tensor_value_info(name, 1, [None] * rank)
        for name, rank in zip(outputs, ranks, strict=False)
    ]
    held = [numpy_helper.from_array(array, name) for name, array in form.weights.items()]
    opsets = [helper.make_opsetid("", form.opset), helper.make_opsetid("com.microsoft", 1)]
    nodes = [*(_last(names[0]) if "last" in names else []), node]
    graph = helper.make_graph(nodes, "attention", infos, made, held)
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


def _last(source: str) -> list[onnx.NodeProto]:
    """Return what makes `last [N]`, the last of five places for each row of a value."""
    four = numpy_helper.from_array(np.array([4], np.int32))
    return [
        helper.make_node("Shape", [source], ["rows"], start=0, end=1),
        helper.make_node("ConstantOfShape", ["rows"], ["last"], value=four),
    ]


def _dims(text: str) -> list[int | str]:
    return [int(dim) if dim.strip().isdigit() else dim.strip() for dim in text[2:].split(",")]


def labels(form: Form) -> Labels:
    sides = {"u": Role.USER, "i": Role.ITEM}
    return Labels({name: InputLabel(role=sides[name[0]], axis=0) for name in form.inputs})


def draw(form: Form, batch: int) -> dict[str, np.ndarray]:
    rng, feeds = np.random.default_rng(batch), dict[str, np.ndarray]()
    for name, text in form.inputs.items():
        once = name.startswith("u")
        full = [batch if dim == "N" else 3 if dim == "L" else int(dim) for dim in _dims(text)]
        own = [1 if dim == "N" and once else n for dim, n in zip(_dims(text), full, strict=True)]
        kind = text[0]
        array = rng.standard_normal(own) if kind == "f" else rng.integers(0, 2, own)
        if "length" in name:
            array = rng.integers(1, LENGTH + 1, own)
        feeds[name] = np.broadcast_to(array.astype(TYPES[kind]), full).copy()
    return feeds


def near(truth: np.ndarray, other: np.ndarray) -> bool:
    if truth.shape != other.shape:
        return False
    return bool(np.allclose(truth, other, rtol=1e-5, atol=2e-6, equal_nan=False))


def check_rewrites(form: Form) -> None:
    """Assert that a form, decomposed and rewritten in every way, equals the original."""
    given = [draw(form, batch) for batch in (1, 2, 5)]
    assert wrong_rewrites(build(form), labels(form), given, near) == []


def check_decision(form: Form) -> None:
    """Assert that a form is understood, decided on as one, and counted."""
    made = plan(load(build(form)), labels(form), candidates=500)
    assert made.failures == ()
    assert made.coloring.unknown == {}
    (decision,) = made.decisions
    assert decision.node == "/attention"
    assert decision.flops_before.per_candidate > 0
