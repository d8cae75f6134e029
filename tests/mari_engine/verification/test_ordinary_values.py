"""Rewrites that are wrong for values that are ordinary in service, and typical nowhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from mari_engine import Certificate, InputLabel, Labels, Role, load, propose_labels, verify
from support.builders import build

RNG = np.random.default_rng(8)
HELD = {
    "T": RNG.standard_normal((50, 3)).astype(np.float32),
    "m": np.array(50), "k": np.array([1]), "none": np.float32(0), "one": np.float32(1),
    "far": np.float32(500), "near": np.float32(-500), "fifty": np.float32(50),
}  # fmt: skip
WEIGHTS = {name: np.asarray(value) for name, value in HELD.items()}
END = " y = ReduceSum <keepdims = 1> (b, k)"
ROLES = {"id": Role.ITEM, "u": Role.USER, "x": Role.ITEM}


def model(body: str, inputs: str) -> bytes:
    return build(body + END, inputs=inputs, outputs="float[N, 1] y", weights=WEIGHTS)


def check(right: bytes, wrong: bytes, roles: Mapping[str, Role] = ROLES) -> Certificate:
    first, second = load(right), load(wrong)
    names = [value.name or "" for value in first.ir.graph.inputs]
    labels = Labels({name: InputLabel(role=roles[name]) for name in names})
    same = verify(first, first, labels)
    assert same.passed, same.reason
    return verify(first, second, labels)


@pytest.mark.parametrize("role", [Role.ITEM, Role.USER], ids=["item", "user"])
@pytest.mark.parametrize(
    "hashed",
    ["d = Identity (id)", "s = Cast <to = 6> (id) t = Cast <to = 7> (s) d = Mod (t, m)",
     "d = Mod <fmod = 1> (id, m)"],
    ids=["no remainder", "32 bits", "sign of the id"],
)  # fmt: skip
def test_ids_that_are_hashed_may_be_any(hashed: str, role: Role) -> None:
    inputs = "int64[N] id, float[N, 3] x"
    right, wrong = (
        model(f"{body} e = Gather (T, d) b = Mul (e, x)", inputs)
        for body in ("d = Mod (id, m)", hashed)
    )
    assert not check(right, wrong, ROLES | {"id": role}).passed


def test_columns_of_numbers_may_hold_hashed_ids() -> None:
    body = "i = Cast <to = 7> (id) {} e = Gather (T, d) f = Squeeze (e, k) b = Mul (f, x)"
    right, wrong = (
        model(body.format(hashed), "float[N, 1] id, float[N, 3] x")
        for hashed in ("d = Mod (i, m)", "d = Identity (i)")
    )
    assert not check(right, wrong).passed


def test_a_range_that_proposals_state_is_no_bound() -> None:
    right, wrong = (
        load(model(f"{body} e = Gather (T, d) b = Mul (e, x)", "int64[N] id, float[N, 3] x"))
        for body in ("d = Mod (id, m)", "d = Identity (id)")
    )
    labels = propose_labels(right)
    assert labels.inputs["id"].range == (0, 50)
    assert verify(right, right, labels).passed
    assert not verify(right, wrong, labels).passed


def test_whole_numbers_without_a_range_have_either_sign() -> None:
    inputs = "int64[N, 1] id, float[N, 3] x"
    whole = "d = Div (id, m) c = Cast <to = 1> (d) b = Add (c, x)"
    floor = "f = Cast <to = 1> (id) g = Div (f, fifty) c = Floor (g) b = Add (c, x)"
    assert not check(model(whole, inputs), model(floor, inputs)).passed


PIECES = {
    "Abs": ("far", "c = Identity (a)"),
    "Sign": ("far", "z = Mul (a, none) c = Add (z, one)"),
    "Elu": ("far", "c = Identity (a)"),
    "Celu": ("far", "c = Identity (a)"),
    "HardSwish": ("near", "c = Mul (a, none)"),
    "HardSigmoid": ("far", "z = Mul (a, none) c = Add (z, one)"),
    "ThresholdedRelu": ("far", "c = Identity (a)"),
}


@pytest.mark.parametrize("op", PIECES)
def test_each_piece_of_a_function_is_reached(op: str) -> None:
    by, usual = PIECES[op]
    right, wrong = (
        model(f"a = Add (x, {by}) {body} b = Add (c, x)", "float[N, 4] u, float[N, 3] x")
        for body in (f"c = {op} (a)", usual)
    )
    assert not check(right, wrong).passed


@pytest.mark.parametrize(("op", "by"), [("Max", "far"), ("Min", "near")])
def test_either_of_two_numbers_is_the_larger(op: str, by: str) -> None:
    body = f"t = Add (u, {by}) "
    right, wrong = (
        model(body + rest, "float[N, 3] u, float[N, 3] x")
        for rest in (f"b = {op} (x, t)", "z = Mul (x, none) b = Add (z, t)")
    )
    assert not check(right, wrong).passed


def encoded(keys: list[str] | list[int], default: int) -> bytes:
    texts = isinstance(keys[0], str)
    attributes = {"keys_strings" if texts else "keys_int64s": keys, "default_int64": default}
    nodes = [
        helper.make_node(
            "LabelEncoder",
            ["id"],
            ["d"],
            domain="ai.onnx.ml",
            values_int64s=[0, 1, 2],
            **attributes,
        ),
        helper.make_node("Gather", ["T", "d"], ["e"]),
        helper.make_node("Mul", ["e", "x"], ["b"]),
        helper.make_node("ReduceSum", ["b", "k"], ["y"], keepdims=1),
    ]
    tensor = helper.make_tensor_value_info
    kind = onnx.TensorProto.STRING if texts else onnx.TensorProto.INT64
    graph = helper.make_graph(
        nodes, "g", [tensor("id", kind, ["N"]), tensor("x", 1, ["N", 3])],
        [tensor("y", 1, ["N", 1])],
        [numpy_helper.from_array(WEIGHTS[name], name) for name in ("T", "k")],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


@pytest.mark.parametrize("role", [Role.ITEM, Role.USER], ids=["item", "user"])
def test_a_text_may_be_none_that_the_model_lists(role: Role) -> None:
    right, wrong = (encoded(["a", "b", "c"], default) for default in (3, 4))
    assert not check(right, wrong, ROLES | {"id": role}).passed


def test_each_key_that_a_model_lists_is_sent() -> None:
    right, wrong = (encoded([first, 2000, 30000], 3) for first in (100, 101))
    assert not check(right, wrong).passed
