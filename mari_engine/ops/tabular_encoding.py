"""Categories of tables, encoded and picked (ai.onnx.ml)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Slices, Spec, Unsupported, flat, is_one, positions
from mari_engine.graph import constant_array
from mari_engine.ops.call import Call
from mari_engine.ops.column_trace import Trace, rank_of
from mari_engine.ops.decomposition_writer import DecompositionWriter, Results
from mari_engine.ops.elementwise import pointwise
from mari_engine.ops.id_bounds import Bound
from mari_engine.ops.listed_keys import keys_in
from mari_engine.ops.rule import Inferred, Rule, Trait
from mari_engine.ops.tables import DOMAIN, axis_with, categories_in, words_in

_MAPS = "it works on maps, not on tensors"


def _one_hot(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, K, C]`, a code for each element.

    https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html
    """
    axes = call.axes(0)
    categories = call.attribute("cats_int64s") or call.attribute("cats_strings") or ()
    code = axis_with(len(categories))
    own = tuple(range(len(flat(axes))))
    return Slices(
        operands=(axes,),
        results=((*axes, code),),
        terms=(own,),
        outputs=((*own, *(len(own) for _ in code)),),
    )


def _coded(node: ir.Node) -> list[Inferred]:
    read = node.inputs[0]
    if read is None or read.shape is None:
        return [(ir.DataType.FLOAT, None)]
    lists = (node.attributes.get(name) for name in ("cats_int64s", "cats_strings"))
    categories = max((len(each.value) for each in lists if each is not None), default=0)
    return [(ir.DataType.FLOAT, ir.Shape([*read.shape, categories]))]


def _known_categories(node: ir.Node, traces: Mapping[ir.Value, Trace]) -> Iterator[Bound]:
    """Yield the range of the categories where others are an error."""
    if not node.attributes.get_int("zeros", 1):
        yield from categories_in("cats_int64s")(node, traces)


def _extracted(call: Call) -> Spec:
    """Return the factors of `[N, K], [J] -> [N, J]`: elements of the last axis.

    https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html
    """
    axes, index = call.axes(0), call.axes(1)
    if len(axes) < 2 or any(not is_one(axis) for axis in index[:-1]):
        raise Unsupported("elements of a vector, or places in several rows")
    own, last = tuple(range(len(flat(axes)))), positions(axes)[-1]
    picked = tuple(range(len(own), len(own) + len(flat(index))))
    return Slices(
        operands=(axes, index),
        results=((*axes[:-1], index[-1] if index else ()),),
        terms=(own, picked),
        outputs=((*(at for at in own if at not in last), *picked),),
        mixed=frozenset(last),
    )


def _gathered(new: DecompositionWriter) -> Results:
    """Write a Gather along the last axis, by places that are known and counted from the front."""
    x, index = new.given(0), constant_array(new.given(1))
    if (rank_of(x) or 0) < 2 or index is None or not index.size or index.min() < 0:
        return None
    places = new.constant(np.asarray(index.ravel(), dtype=np.int64), ir.DataType.INT64)
    return [new.emit("Gather", x, places, axis=-1)]


RULES = (
    Rule(
        "LabelEncoder", pointwise(1), domain=DOMAIN, usual_ids=categories_in("keys_int64s"),
        words=words_in("keys_strings", "keys_tensor", "classes_strings"),
        branches=keys_in("keys_int64s"),
    ),
    Rule(
        "CategoryMapper", pointwise(1), domain=DOMAIN, usual_ids=categories_in("cats_int64s"),
        words=words_in("cats_strings"), branches=keys_in("cats_int64s"),
    ),
    Rule(
        "OneHotEncoder", _one_hot, domain=DOMAIN, id_bounds=_known_categories,
        usual_ids=categories_in("cats_int64s"), words=words_in("cats_strings"),
        branches=keys_in("cats_int64s"), infer=_coded,
    ),
    Rule(
        "ArrayFeatureExtractor", _extracted, domain=DOMAIN, decompose=_gathered,
        traits=frozenset({Trait.COMPOSITE}),
    ),
    Rule("DictVectorizer", domain=DOMAIN, refusal=_MAPS),
    Rule("CastMap", domain=DOMAIN, refusal=_MAPS),
    Rule("ZipMap", domain=DOMAIN, refusal=_MAPS),
)  # fmt: skip
