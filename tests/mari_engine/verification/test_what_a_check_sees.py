"""Rewrites that are wrong only where typical requests do not go, and the requests that go there."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from mari_engine import (
    Certificate,
    ExecutionError,
    FeedError,
    InputLabel,
    Labels,
    Role,
    load,
    verify,
)
from support.builders import build, build_proto

RNG = np.random.default_rng(5)
W = RNG.standard_normal((6, 1)).astype(np.float32)
ROLES = {
    "u": Role.USER,
    "i": Role.ITEM,
    "h": Role.USER,
    "mask": Role.ITEM,
    "ts": Role.USER,
    "ids": Role.USER,
}
SCORE = "c = Concat <axis = 1> (u, i) s = MatMul (c, W) "
INPUTS = "float[N, 4] u, float[N, 2] i"
HISTORY = "float[N, L, 4] h, float[N, 2] i"


def check(right: str, wrong: str, *, inputs: str, outputs: str, **weights: object) -> Certificate:
    held = {"W": W} | {name: np.asarray(value) for name, value in weights.items()}
    first, second = (
        load(build(body, inputs=inputs, outputs=outputs, weights=held), name="m")
        for body in (right, wrong)
    )
    labels = {v.name or "": InputLabel(role=ROLES[v.name or ""]) for v in first.ir.graph.inputs}
    return verify(first, second, Labels(labels))


def failing(certificate: Certificate) -> set[str]:
    """Return the kinds of requests that showed the difference."""
    return {found.request for found in certificate.checks if not found.passed}


def test_a_branch_that_only_large_values_take() -> None:
    body = SCORE + "m = ReduceMax <axes = [1]> (i) b = Greater (m, eight) y = Where (b, {}, s)"
    held = {
        "eight": np.float32(8),
        "one": np.full((1, 1), 1, np.float32),
        "two": np.full((1, 1), -1, np.float32),
    }
    right, wrong = body.format("one"), body.format("two")
    assert check(right, right, inputs=INPUTS, outputs="float[N, 1] y", **held).passed
    found = check(right, wrong, inputs=INPUTS, outputs="float[N, 1] y", **held)
    assert failing(found) == {"generated, of other magnitudes"}


def test_a_score_beside_masked_ones() -> None:
    body = SCORE + "t = Add (s, {}) y = Where (mask, t, low)"
    held = {"zero": np.float32(0), "off": np.float32(0.3), "low": np.float32(-1e9)}
    inputs = f"{INPUTS}, bool[N, 5] mask"
    right, wrong = body.format("zero"), body.format("off")
    assert check(right, right, inputs=inputs, outputs="float[N, 5] y", **held).passed
    found = check(right, wrong, inputs=inputs, outputs="float[N, 5] y", **held)
    assert "elements differ by" in found.reason


@pytest.mark.parametrize("most", [6, 20, 150])
def test_histories_longer_than_usual(most: int) -> None:
    body = "p = ReduceSum <keepdims = 0> ({}, one) c = Concat <axis = 1> (p, i) y = MatMul (c, W)"
    held = {"one": [1], "begin": [0], "end": [most]}
    right = body.format("h")
    wrong = "t = Slice (h, begin, end, one) " + body.format("t")
    assert check(right, right, inputs=HISTORY, outputs="float[N, 1] y", **held).passed
    found = check(right, wrong, inputs=HISTORY, outputs="float[N, 1] y", **held)
    assert "generated, of length 300" in failing(found)


def test_a_length_beyond_all_that_are_drawn() -> None:
    """What is left whole in every request may be cut in others."""
    body = "p = ReduceSum <keepdims = 0> ({}, one) c = Concat <axis = 1> (p, i) y = MatMul (c, W)"
    held = {"one": [1], "begin": [-1000], "end": [2**31 - 1]}
    wrong = "t = Slice (h, begin, end, one) " + body.format("t")
    found = check(body.format("h"), wrong, inputs=HISTORY, outputs="float[N, 1] y", **held)
    assert "(Slice: cut) of the optimized model is none of the original's" in found.reason
    own = check(wrong, wrong, inputs=HISTORY, outputs="float[N, 1] y", **held)
    assert own.passed
    assert own.coverage is not None
    assert ("Slice", "cut") in {(one.op, one.branch) for one in own.coverage.missed}


def test_rows_of_which_all_numbers_are_nearly_equal() -> None:
    body = "n = LayerNormalization <epsilon = {}> (i, ones) c = Concat <axis = 1> (u, n) "
    body += "y = MatMul (c, W)"
    right, wrong = body.format(1e-15), body.format(2e-15)
    held = {"ones": np.ones(2, np.float32)}
    found = check(right, wrong, inputs=INPUTS, outputs="float[N, 1] y", **held)
    assert "generated, of tiny numbers" in failing(found)


def test_rows_of_which_all_numbers_are_equal() -> None:
    body = SCORE + "a = ArgMax <axis = 1, select_last_index = {}> (i) f = Cast <to = 1> (a) "
    body += "y = Add (s, f)"
    found = check(body.format(0), body.format(1), inputs=INPUTS, outputs="float[N, 1] y")
    assert failing(found) == {"generated, of zeros"}


def test_a_column_that_is_small_beside_another() -> None:
    body = SCORE + "p = Sigmoid (s) q = Mul (p, {}) y = Concat <axis = 1> (q, ts)"
    held = {"whole": np.float32(1), "half": np.float32(0.5)}
    inputs = f"{INPUTS}, float[N, 1] ts"
    right, wrong = body.format("whole"), body.format("half")
    entries = {
        "u": {"role": "user"}, "i": {"role": "item"},
        "ts": {"role": "user", "range": [1.6e9, 1.8e9]},
    }  # fmt: skip
    first, second = [
        load(
            build(
                text, inputs=inputs, outputs="float[N, 2] y",
                weights={"W": W, **{name: np.asarray(value) for name, value in held.items()}},
            ),
            name="m",
        )
        for text in (right, wrong)
    ]  # fmt: skip
    found = verify(first, second, Labels.from_json({"version": 1, "inputs": entries}))
    assert "of their own magnitude" in found.reason


@pytest.mark.parametrize("to", [10, 16])
def test_precision_that_is_lost_inside(to: int) -> None:
    right = SCORE + "y = Identity (s)"
    wrong = SCORE + f"n = Cast <to = {to}> (s) y = Cast <to = 1> (n)"
    found = check(right, wrong, inputs=INPUTS, outputs="float[N, 1] y")
    assert "in the model's own precision" in found.reason


def test_an_empty_history_gives_the_same() -> None:
    body = """
        p = ReduceSum <keepdims = 0> (h, one) z = Shape (h) l = Gather (z, at) f = Cast <to = 1> (l)
        d = Add (f, tiny) q = Div (p, d) c = Concat <axis = 1> (q, i) y = MatMul (c, W)
        """
    held = {"one": [1], "at": 1, "tiny": np.float32(1e-9)}
    found = check(body, body, inputs=HISTORY, outputs="float[N, 1] y", **held)
    assert found.passed
    assert "generated, of length 0" in {one.request for one in found.checks}


def recurrent(op: str, gates: int) -> Certificate:
    body = f"""
        t = Transpose <perm = [1, 0, 2]> (h) all, last = {op} <hidden_size = 4> (t, WX, WH)
        p = Squeeze (last, first) c = Concat <axis = 1> (p, i) y = MatMul (c, W)
        """
    held = {
        "WX": RNG.standard_normal((1, gates * 4, 4)).astype(np.float32),
        "WH": RNG.standard_normal((1, gates * 4, 4)).astype(np.float32),
        "first": [0],
    }
    return check(body, body, inputs=HISTORY, outputs="float[N, 1] y", **held)


@pytest.mark.parametrize(("op", "gates", "asked"), [("GRU", 3, False), ("RNN", 1, True)])
def test_no_history_is_empty_where_that_ends_the_process(op: str, gates: int, asked: bool) -> None:
    found = recurrent(op, gates)
    assert found.passed
    requests = {one.request for one in found.checks}
    assert ("generated, of length 0" in requests) is asked
    assert "generated, of length 300" in requests


def test_an_operator_of_a_library_is_named() -> None:
    proto = build_proto("y = shop.Hash (i)", inputs="float[N, 2] i", outputs="float[N, 2] y")
    proto.opset_import.append(onnx.helper.make_opsetid("shop", 1))
    model = load(proto.SerializeToString(), name="m")
    labels = Labels({"i": InputLabel(role=Role.ITEM)})
    with pytest.raises(ExecutionError, match=r"shop.Hash is an operator of a custom-op library"):
        verify(model, model, labels)


def test_a_sequence_input_is_named() -> None:
    data = build(
        "y = ConcatFromSequence <axis = 1> (s)",
        inputs="seq(float[N, 2]) s",
        outputs="float[N, 4] y",
    )
    model = load(data, name="m")
    with pytest.raises(FeedError, match="input 's' is a sequence or another container"):
        verify(model, model, Labels({"s": InputLabel(role=Role.ITEM)}))


def test_histories_that_are_mostly_padding() -> None:
    body = (
        "none = Equal (ids, zero) pads = Cast <to = 1> (none) "
        "share = ReduceMean <axes = [1]> (pads) "
        "many = Greater (share, most) e = Gather (T, ids) p = ReduceSum <keepdims = 0> (e, one) "
        "off = Mul (p, {}) q = Where (many, off, p) c = Concat <axis = 1> (q, i) y = MatMul (c, W)"
    )
    held = {
        "T": RNG.standard_normal((50, 4)).astype(np.float32), "zero": 0, "one": [1],
        "most": np.float32(0.5), "same": np.float32(1), "more": np.float32(1.1),
    }  # fmt: skip
    inputs = "int64[N, L] ids, float[N, 2] i"
    right, wrong = body.format("same"), body.format("more")
    found = check(right, wrong, inputs=inputs, outputs="float[N, 1] y", **held)
    assert "generated, of mostly padding" in failing(found)
