"""Rewrites that are wrong where no output shows it: in constants, in precision, inside."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from mari_engine import Certificate, InputLabel, Labels, Model, Role, load, plan, verify
from mari_engine.graph import SOURCE
from mari_engine.verification.shared_values import SharedValues
from support.builders import build
from support.rewrite_checks import stated

RNG = np.random.default_rng(3)
TABLE = RNG.standard_normal((400, 3)).astype(np.float32)
W = RNG.standard_normal((5, 4)).astype(np.float32)
V = RNG.standard_normal((4, 1)).astype(np.float32)
INPUTS = "int64[N] user_id, float[N, 2] item"
LABELS = Labels({"user_id": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})
SCORE = "u = Gather (T, user_id) c = Concat <axis = 1> (u, item) h = MatMul (c, W) "
PLAIN = SCORE + "r = Relu (h) y = MatMul (r, V)"


def model(body: str = PLAIN, **weights: object) -> Model:
    own = {"T": TABLE, "W": W, "V": V}
    held = own | {name: np.asarray(weight) for name, weight in weights.items()}
    return load(build(body, inputs=INPUTS, outputs="float[N, 1] y", weights=held), name="m")


def changed(array: np.ndarray, *at: int, by: float = 1.0) -> np.ndarray:
    copy = array.copy()
    copy[at] += by
    return copy


def rewritten(certified: Model) -> Model:
    """Return the model as if the tool had written it."""
    for node in certified.ir.graph:
        node.metadata_props[SOURCE] = node.name or ""
    return certified


def check(first: Model, second: Model) -> Certificate:
    return verify(first, second, LABELS)


def test_a_row_of_a_table_that_no_request_reaches() -> None:
    found = check(model(), model(T=changed(TABLE, 217, 1)))
    assert found.reason == (
        "constant 'T': 1 of its 1200 elements are not the original's, the first at [217, 1]"
    )


def test_a_row_of_a_table_under_another_name() -> None:
    body = PLAIN.replace("Gather (T,", "Gather (Q,")
    assert check(model(), model(body, Q=TABLE)).passed
    found = check(model(), model(body, Q=changed(TABLE, 217, 1)))
    assert found.reason.startswith("constant 'Q': 1 of its 1200 elements are not the original's")


def test_one_rounding_more_to_a_type_that_the_original_has() -> None:
    rounded = "n = Cast <to = 10> (item) m = Cast <to = 1> (n) "
    right = rounded + PLAIN.replace("(u, item)", "(u, m)")
    wrong = right.replace("y = MatMul (r, V)", "a = Cast <to = 10> (r) b = Cast <to = 1> (a) ")
    wrong += "y = MatMul (b, V)"
    assert check(model(right), model(right)).passed
    found = check(model(right), model(wrong))
    assert "rounds to float16, and no node of the original does so there" in found.reason


def test_a_constant_that_only_has_the_same_name_is_another_one() -> None:
    """Two exporters numbered their weights: here the weights are scaled, and the score is not."""
    body = SCORE + "r = Relu (h) s = MatMul (r, V) y = Mul (s, k)"
    first = model(body, V=V, k=np.float32(1).reshape(()))
    second = model(body, V=V * 2, k=np.float32(0.5).reshape(()))
    assert check(first, second).passed
    found = check(first, rewritten(second))
    assert found.reason.startswith("constant 'V': 4 of its 4 elements are not the original's")


def test_nan_in_a_constant_equals_itself() -> None:
    unused = changed(TABLE, 399, 0, by=np.nan)
    assert check(model(T=unused), model(T=unused.copy())).passed


def test_constants_of_a_plan_keep_the_originals_names() -> None:
    first = model()
    planned = plan(first, LABELS)
    found = check(first, planned.optimized)
    assert found.passed
    assert found.inside == ("2 values inside both models", "2 constants in every element")
    labels = stated(LABELS, user_id=0)  # the model cuts a row of it
    again = plan(planned.optimized, labels).optimized
    assert verify(planned.optimized, again, labels).passed


def test_new_constants_do_not_take_the_names_of_the_originals() -> None:
    """An original whose last weight has the name that the tool gives to a piece of the first."""
    planned = plan(model(), LABELS).optimized.ir.graph.initializers
    given = next(name for name in planned if name not in ("T", "W", "V"))
    first = model()
    first.ir.graph.initializers["V"].name = given
    second = plan(first, LABELS).optimized.ir.graph.initializers
    assert len(second) == len(planned)
    kept = first.ir.graph.initializers[given].const_value
    assert second[given].const_value is kept


@pytest.mark.parametrize("to", ["FLOAT16", "BFLOAT16"])
def test_a_precision_that_the_original_does_not_have(to: str) -> None:
    """The rounding is far below what the original's own rounding hides."""
    kind = getattr(onnx.TensorProto, to)
    body = SCORE + f"n = Cast <to = {kind}> (k) m = Cast <to = 1> (n) s = Add (h, m) "
    body += "r = Relu (s) y = MatMul (r, V)"
    right = SCORE + "s = Add (h, k) r = Relu (s) y = MatMul (r, V)"
    held = {"k": np.full(4, 1e-9, np.float32)}
    assert check(model(right, **held), model(right, **held)).passed
    found = check(model(right, **held), model(body, **held))
    assert found.reason == (
        f"the optimized model has values of type {to.lower()}, which the original does not have, "
        "and which is coarser"
    )


def test_a_value_inside_that_an_output_hides() -> None:
    """A value is wrong above 9, and the score saturates there."""
    right = SCORE + "e = Exp (h) g = Identity (e) m = Min (g, ten) y = MatMul (m, V)"
    wrong = SCORE + "e = Exp (h) f = Max (e, top) d = Sub (f, top) g = Add (e, d) "
    wrong += "m = Min (g, ten) y = MatMul (m, V)"
    held = {"ten": np.float32(9), "top": np.float32(1e4)}
    assert check(model(right, **held), model(right, **held)).passed
    found = check(model(right, **held), model(wrong, **held))
    assert found.reason.startswith("value 'g', inside both models: they differ by")
    failed = {one.request for one in found.checks if not one.passed}
    assert "generated, of other magnitudes" in failed
    assert all(one.startswith("generated, ") for one in failed)


def test_values_of_one_name_that_are_not_the_same_are_left_out() -> None:
    """Columns in another order, put back by the next weight."""
    first = model()
    second = model(W=W[:, ::-1], V=V[::-1])
    assert check(first, second).passed


def test_an_empty_value_inside_is_compared() -> None:
    body = "s = Shape (h) e = Expand (k, s) p = ReduceSum <keepdims = 0> (h, one) "
    body += "c = Concat <axis = 1> (p, item) y = MatMul (c, V)"
    held = {"k": np.ones((1, 1, 1), np.float32), "one": np.array([1]), "V": V}
    data = build(
        body,
        inputs="float[N, L, 2] h, float[N, 2] item",
        outputs="float[N, 1] y",
        weights=held,
    )
    labels = Labels({"h": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})
    found = verify(load(data, name="m"), load(data, name="m"), labels)
    assert found.passed
    assert "generated, of length 0" in {one.request for one in found.checks}


def test_one_number_throughout_does_not_tell_which_rows_a_value_has() -> None:
    shared = SharedValues(("mask",))
    usual, unusual = np.zeros((1, 7, 7), bool), np.zeros((1, 7, 7), bool)
    unusual[:, :6] = True
    read = np.s_[:, 6:]
    shared.compare(2, {"mask": usual}, {"mask": usual[read]}, typical=True)
    found = shared.compare(2, {"mask": unusual}, {"mask": unusual[read]}, typical=False)
    assert shared.problem(found) == ""


def test_a_branch_that_nothing_can_take_is_none_of_the_rewrites_own() -> None:
    body = SCORE + "s = Sigmoid (h) y = PRelu (s, slope)"
    original = load(
        build(body, inputs=INPUTS, outputs="float[N, 4] y",
              weights={"T": TABLE, "W": W, "slope": np.array([0.1], np.float32)})
    )  # fmt: skip
    planned = plan(original, LABELS, candidates=500)
    assert "LeakyRelu" in {node.op_type for node in planned.optimized.ir.graph}
    found = verify(original, planned.optimized, LABELS, interface=planned.interface)
    assert (found.passed, found.reason) == (True, "")


def test_one_row_that_is_left_of_rows_alike_by_luck_stands_for_itself() -> None:
    """Of an attention's queries one is read; behind a mask all weigh the same, as a rule."""
    shared = SharedValues(("weights",))
    alike, unlike = np.tile(np.arange(1.0, 3.0), (3, 7, 1)), np.arange(42.0).reshape(3, 7, 2)
    shared.compare(3, {"weights": alike}, {"weights": alike[:, :1]}, typical=True)
    found = shared.compare(3, {"weights": unlike}, {"weights": unlike[:, :1]}, typical=False)
    assert shared.problem(found) == ""


def test_one_row_that_stands_for_all_candidates_is_held_to_them() -> None:
    shared = SharedValues(("weights",))
    alike, unlike = np.tile(np.arange(1.0, 8.0), (3, 1)), np.arange(1.0, 22.0).reshape(3, 7)
    shared.compare(3, {"weights": alike}, {"weights": alike[:1]}, typical=True)
    found = shared.compare(3, {"weights": unlike}, {"weights": unlike[:1]}, typical=False)
    assert shared.problem(found).startswith("value 'weights', inside both models: they differ by")
