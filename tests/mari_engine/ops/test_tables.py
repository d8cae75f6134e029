"""Ops on tables: what decomposes them, what stays whole, and what is inferred behind them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from mari_engine import optimize, plan
from mari_engine.loading import load
from mari_engine.metering import measure
from mari_engine.ops import infer_types
from support.rewrite_checks import alike, wrong_rewrites
from support.tables import (
    ALL,
    ITEM,
    JOINED,
    LABELS,
    RNG,
    SCALER,
    USER,
    decisions,
    made,
    model,
    numbers,
    requests,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["float", "double", "int64", "int32"])
def test_a_scaler_of_joined_columns_is_split_with_the_product_behind_it(kind: str) -> None:
    data = model([JOINED, made("Scaler", "c", "x", **SCALER)], ["score"], kind=kind, width=ALL)
    assert wrong_rewrites(data, LABELS, requests(kind), alike(1e-6)) == []
    assert decisions(data) == ["split"]


@pytest.mark.parametrize("kind", ["float", "double", "int64", "int32"])
def test_scaled_columns_are_the_same_in_every_bit(kind: str) -> None:
    data = model([JOINED, made("Scaler", "c", "x", **SCALER)], ["x"], kind=kind)
    assert wrong_rewrites(data, LABELS, requests(kind), alike(0)) == []


@pytest.mark.parametrize("many", [True, False])
@pytest.mark.parametrize("replaced", [float("nan"), 0.0])
def test_what_is_missing_is_filled_in_by_column(many: bool, replaced: float) -> None:
    filled = numbers(ALL if many else 1)
    node = made("Imputer", "c", "x", imputed_value_floats=filled, replaced_value_float=replaced)
    data = model([JOINED, node], ["score"], width=ALL)
    given = requests(missing=bool(np.isnan(replaced)))
    for request in given:
        request["user"][:, 1] = 0.0
        if not np.isnan(replaced):
            request["item"][:, 2] = -0.0
    assert wrong_rewrites(data, LABELS, given, alike(1e-6)) == []
    assert decisions(data) == ["split"]


def test_whole_numbers_are_filled_in_too() -> None:
    node = made("Imputer", "c", "y", imputed_value_int64s=[7], replaced_value_int64=0)
    cast = helper.make_node("Cast", ["y"], ["x"], to=TensorProto.FLOAT)
    data = model([JOINED, node, cast], ["score"], kind="int64", width=ALL)
    assert wrong_rewrites(data, LABELS, requests("int64"), alike(1e-6)) == []
    assert decisions(data) == ["split"]


def test_tables_put_side_by_side_are_a_concatenation() -> None:
    node = made("FeatureVectorizer", ["user", "item"], "x", inputdimensions=[USER, ITEM])
    data = model([node], ["score"], width=ALL)
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-6)) == []
    assert decisions(data) == ["split"]


@pytest.mark.parametrize("widths", [(USER, ITEM - 1), (USER - 3, ITEM), (USER + 2, ITEM + 1)])
def test_tables_of_other_widths_than_stated_are_cut_or_filled(widths: tuple[int, int]) -> None:
    node = made("FeatureVectorizer", ["user", "item"], "x", inputdimensions=list(widths))
    data = model([node], ["score"], width=sum(widths))
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-6)) == []
    assert decisions(data) == ["split"]


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
def test_rows_are_normalized_once_where_they_are_the_requests(norm: str) -> None:
    nodes = [
        made("Normalizer", "user", "u", norm=norm), made("Normalizer", "item", "i", norm=norm),
        helper.make_node("Concat", ["u", "i"], ["x"], axis=1),
    ]  # fmt: skip
    data = model(nodes, ["score"], width=ALL)
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-6)) == []
    assert decisions(data) == ["split"]


def test_a_row_of_both_sides_is_normalized_whole() -> None:
    data = model([JOINED, made("Normalizer", "c", "x", norm="L2")], ["score"], width=ALL)
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-6)) == []
    assert decisions(data) == ["kept"]


@pytest.mark.parametrize("places", [[[0, 25, 3]], [29, 0]])
def test_extracted_columns_keep_their_sides(places: list[object]) -> None:
    index = np.array(places, dtype=np.int64)
    held = helper.make_tensor("p", TensorProto.INT64, index.shape, index.ravel())
    constant = helper.make_node("Constant", [], ["p"], value=held)
    node = made("ArrayFeatureExtractor", ["c", "p"], "x")
    data = model([JOINED, constant, node], ["score"], width=index.size)
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-6), candidates=10**6) == []
    names = [each.op_type for each in plan(load(data), LABELS, candidates=10**6).optimized.ir.graph]
    assert "ArrayFeatureExtractor" not in names


@pytest.mark.parametrize("kind", ["float", "int64"])
def test_codes_of_each_side_are_made_apart(kind: str) -> None:
    nodes = [
        JOINED, made("OneHotEncoder", "c", "h", cats_int64s=list(range(-3, 4))),
        helper.make_node("Flatten", ["h"], ["x"], axis=1),
    ]  # fmt: skip
    data = model(nodes, ["score"], kind=kind, width=ALL * 7)
    assert wrong_rewrites(data, LABELS, requests(kind), alike(1e-6)) == []
    assert decisions(data) == ["split"]


WORDS = ("red", "green", "blue")


def texts() -> list[dict[str, np.ndarray]]:
    out = []
    for batch in (1, 2, 5):
        user = RNG.choice([*WORDS, "none"], (1, USER)).astype(object)
        item = RNG.choice([*WORDS, "none"], (batch, ITEM)).astype(object)
        out.append({"user": np.repeat(user, batch, 0), "item": item})
    return out


ENCODERS = {
    "LabelEncoder": {"keys_strings": WORDS, "values_floats": [1.0, 2.0, 3.0]},
    "CategoryMapper": {"cats_strings": WORDS, "cats_int64s": [4, 5, 6]},
}


@pytest.mark.parametrize("op", ENCODERS)
def test_texts_of_each_side_are_encoded_apart(op: str) -> None:
    cast = helper.make_node("Cast", ["e"], ["x"], to=TensorProto.FLOAT)
    nodes = [JOINED, made(op, "c", "e", **ENCODERS[op]), cast]
    data = model(nodes, ["score"], kind="string", width=ALL)
    assert wrong_rewrites(data, LABELS, texts(), alike(1e-6)) == []
    assert decisions(data) == ["split"]


def test_drawn_texts_are_those_that_the_model_knows() -> None:
    cast = helper.make_node("Cast", ["e"], ["x"], to=TensorProto.FLOAT)
    nodes = [JOINED, made("CategoryMapper", "c", "e", **ENCODERS["CategoryMapper"]), cast]
    planned = plan(load(model(nodes, ["score"], kind="string", width=ALL)), LABELS)
    measured = measure(planned)
    assert measured.ratio is not None
    assert measured.ratio <= 1.05


@pytest.mark.parametrize("joined", [True, False])
def test_trees_of_one_side_run_once(joined: bool) -> None:
    tree = {
        "n_targets": 1, "nodes_treeids": [0, 0, 0], "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [1, 0, 0], "nodes_values": [0.1, 0.0, 0.0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"], "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0], "target_treeids": [0, 0], "target_nodeids": [1, 2],
        "target_ids": [0, 0], "target_weights": [1.5, 2.5],
    }  # fmt: skip
    read = "c" if joined else "user"
    nodes = [
        JOINED, made("TreeEnsembleRegressor", read, "t", **tree),
        helper.make_node("Concat", ["c", "t"], ["x"], axis=1),
    ]  # fmt: skip
    data = model(nodes, ["score"], width=ALL + 1)
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-6)) == []
    planned = plan(load(data), LABELS)
    assert [each.action.value for each in planned.decisions] == ["split"]
    assert planned.coloring.values["t"].side.value == ("candidate" if joined else "request")


def test_types_behind_ops_that_onnx_infers_nothing_of_are_known() -> None:
    nodes = [
        made("Normalizer", "user", "n", norm="L1"),
        made("Scaler", "n", "s", offset=numbers(1), scale=numbers(1)),
        made("SVMRegressor", "s", "v", n_supports=1, support_vectors=numbers(USER),
             coefficients=[1.0], rho=[0.0], kernel_type="LINEAR"),
        helper.make_node("Add", ["v", "v"], ["score"]),
    ]  # fmt: skip
    loaded = load(model(nodes, ["score"]))
    found = {value.name: value for node in loaded.ir.graph for value in node.outputs}
    assert [str(found[name].shape) for name in ("n", "s", "v")] == [
        f"[N,{USER}]", f"[N,{USER}]", "[N,1]"
    ]  # fmt: skip
    assert {found[name].dtype for name in ("n", "s", "v")} == {ir.DataType.FLOAT}
    assert found["score"].dtype == ir.DataType.FLOAT


def test_codes_of_what_has_no_shape_before_the_run_are_floats() -> None:
    """ONNX infers no type there, and the float64 model would not know where to cast back."""
    node = made("OneHotEncoder", "item", "h", cats_int64s=list(range(4)))
    loaded = load(model([node, helper.make_node("Add", ["h", "h"], ["score"])], ["score"])).ir
    (item,) = (value for value in loaded.graph.inputs if value.name == "item")
    item.shape = None
    for each in loaded.graph:
        each.outputs[0].type, each.outputs[0].shape = None, None
    infer_types(loaded)
    assert [each.outputs[0].dtype for each in loaded.graph] == [ir.DataType.FLOAT] * 2


@pytest.mark.parametrize("replaced", [float("nan"), 0.25])
def test_what_is_filled_in_is_a_branch_that_the_check_aims_at(replaced: float) -> None:
    node = made(
        "Imputer", "c", "x", imputed_value_floats=numbers(ALL), replaced_value_float=replaced
    )
    data = model([JOINED, node], ["score"], width=ALL)
    certificate = optimize(load(data), LABELS, autotune=False).certificate
    assert certificate.passed
    assert certificate.coverage is not None
    assert certificate.coverage.branches > 0
