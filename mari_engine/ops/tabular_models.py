"""Models on tables, `[N, K] -> [N, T]`: linear ones, support vectors, ensembles of trees.

Linear ones are products and are decomposed into them. The others see a row as a whole: what reads
one side alone runs once, and nothing is split. https://onnx.ai/onnx/operators/index_ai_onnx_ml.html
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axis, Spec, Unsupported, static
from mari_engine.ops.call import Call
from mari_engine.ops.column_trace import rank_of
from mari_engine.ops.decomposition_writer import DecompositionWriter, Results
from mari_engine.ops.rule import PRODUCT, Inferred, Rule, Trait
from mari_engine.ops.tables import DOMAIN, axis_with, by_row, columns_of, with_columns

_FLOAT = ir.DataType.FLOAT
_ENDS = {"": None, "NONE": None, "LOGISTIC": "Sigmoid", "SOFTMAX": "Softmax"}
"""The standard op of each `post_transform`; those that are left out have none."""


def _regressed(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, T]`.

    https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html
    """
    return _linear(call, (axis_with(call.attribute("targets", 1)),))


def _classified(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N], [N, C]`: labels and scores.

    https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html
    """
    return _linear(call, (), (axis_with(_classes(call.attributes)),))


def _linear(call: Call, *results: tuple[Axis, ...]) -> Spec:
    width = static(call.axes(0)[-1]) if call.axes(0) else None
    if not width:
        raise Unsupported("columns whose number only the run knows")
    work = (len(call.attribute("coefficients", ())),)
    return by_row(call, *results, weight=2, work=work)


def _classes(attributes: object) -> int:
    """Return the number of classes, by their names in the attributes."""
    for name in ("classlabels_ints", "classlabels_int64s", "classlabels_strings"):
        held = attributes.get(name)  # type: ignore[attr-defined]
        labels = held.value if isinstance(held, ir.Attr) else held
        if labels:
            return len(labels)
    raise Unsupported("classes without names")


def _scores(new: DecompositionWriter, rows: int) -> ir.Value | None:
    """Return `x W + b` with one column for each row of the coefficients."""
    x = new.given(0)
    flat = np.asarray(new.attribute("coefficients", ()), dtype=np.float32)
    shift = np.asarray(new.attribute("intercepts", ()), dtype=np.float32)
    if x is None or x.dtype != _FLOAT or rank_of(x) != 2 or not flat.size or flat.size % rows:
        return None
    if shift.size not in (0, rows) or columns_of(x) not in (None, flat.size // rows):
        return None
    weights = new.constant(flat.reshape(rows, -1).T, _FLOAT)
    if not shift.size:
        return new.emit("MatMul", x, weights)
    return new.emit("Gemm", x, weights, new.constant(shift, _FLOAT))


def _ended(new: DecompositionWriter, scores: ir.Value) -> ir.Value:
    op = _ENDS[new.attribute("post_transform", "NONE")]
    return scores if op is None else new.emit(op, scores, axis=1 if op == "Softmax" else None)


def _regression(new: DecompositionWriter) -> Results:
    """Write the targets as a product; onnxruntime leaves out what would follow a single one."""
    end, targets = new.attribute("post_transform", "NONE"), int(new.attribute("targets", 1))
    if end not in _ENDS or (targets == 1 and _ENDS[end]):
        return None
    scores = _scores(new, targets)
    return None if scores is None else [_ended(new, scores)]


def _classification(new: DecompositionWriter) -> Results:
    """Write the scores as a product; the label is the first class of the highest score.

    Of one row of coefficients for two classes the scores are [1 - s, s] and the label is left out.
    """
    classes = _classes(new.node.attributes)
    end = new.attribute("post_transform", "NONE")
    shift = new.attribute("intercepts", ())
    if classes < 2 or end not in _ENDS or len(shift) not in (1, classes):
        return None
    alone = len(shift) == 1 and classes == 2
    if alone and end == "SOFTMAX":
        return None
    scores = _scores(new, len(shift))
    if scores is None:
        return None
    if alone:
        score = _ended(new, scores)
        rest = new.emit("Sub", new.number(1.0, new.given(0)), score)
        return [None, new.emit("Concat", rest, score, axis=1)]
    highest = new.emit("ArgMax", scores, axis=1, keepdims=0)
    label = new.emit("Gather", _names(new), highest, axis=0)
    return [label, _ended(new, scores)]


def _names(new: DecompositionWriter) -> ir.Value:
    """Return the names of the classes as a constant."""
    numbers = new.attribute("classlabels_ints", ())
    if numbers:
        return new.constant(np.asarray(numbers, dtype=np.int64), ir.DataType.INT64)
    words = [word.encode() for word in new.attribute("classlabels_strings", ())]
    return new.constant(np.array(words, dtype=object), ir.DataType.STRING)


# --- support vectors and trees


def _vectors(call: Call) -> tuple[int, Axis]:
    """Return weight and extents of the work of comparing a row with all support vectors."""
    width = static(call.axes(0)[-1]) if call.axes(0) else None
    if not width:
        raise Unsupported("columns whose number only the run knows")
    numbers = len(call.attribute("support_vectors", ()) or call.attribute("coefficients", ()))
    return 2, (max(1, numbers),)


def _supported(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, 1]`.

    https://onnx.ai/onnx/operators/onnx_aionnxml_SVMRegressor.html
    """
    weight, work = _vectors(call)
    return by_row(call, ((),), weight=weight, work=work)


def _trees(name: str, *, classes: bool = False) -> Callable[[Call], Spec]:
    """Return the factors of an ensemble of trees; each of them compares as often as it is deep.

    https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
    """

    def declare(call: Call) -> Spec:
        width = (
            axis_with(_classes(call.attributes) if classes else call.attribute("n_targets", 1)),
        )
        results = ((), width) if classes else (width,)
        trees = len(set(call.attribute(name, ())))
        modes = call.attribute("nodes_modes", ())
        inner = (
            sum(mode != "LEAF" for mode in modes)
            if isinstance(modes, (list, tuple))
            else len(call.attribute("nodes_featureids", ()))
        )
        depth = math.ceil(math.log2(inner / trees + 1)) if trees else 0
        return by_row(call, *results, weight=1, work=(max(1, trees * depth),))

    return declare


def _targets(node: ir.Node) -> list[Inferred]:
    held = node.attributes.get("targets")
    return [(_FLOAT, with_columns(node.inputs[0], 1 if held is None else held.as_int()))]


def _one_number(node: ir.Node) -> list[Inferred]:
    return [(_FLOAT, with_columns(node.inputs[0], 1))]


_LINEAR = PRODUCT | {Trait.COMPOSITE}

RULES = (
    Rule(
        "LinearRegressor", _regressed, domain=DOMAIN, decompose=_regression, infer=_targets,
        traits=_LINEAR,
    ),
    Rule(
        "LinearClassifier", _classified, domain=DOMAIN, decompose=_classification, traits=_LINEAR,
    ),
    Rule("SVMRegressor", _supported, domain=DOMAIN, infer=_one_number),
    Rule("SVMClassifier", domain=DOMAIN, refusal="the number of its scores is not stated"),
    Rule("TreeEnsemble", _trees("tree_roots"), domain=DOMAIN),
    Rule("TreeEnsembleRegressor", _trees("nodes_treeids"), domain=DOMAIN),
    Rule("TreeEnsembleClassifier", _trees("nodes_treeids", classes=True), domain=DOMAIN),
)  # fmt: skip
