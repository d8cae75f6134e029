"""Which branches of an original requests took: by node and name, and what no run can show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mari_engine import Coverage, ExecutionError, InputLabel, Labels, Role, load, verify
from mari_engine.verification.coverage import Probe
from support.arrays import f32
from support.builders import build

TABLE = np.arange(20, dtype=np.float32).reshape(10, 2)


def coverage(
    body: str,
    *,
    inputs: str = "float[N, 2] x",
    outputs: str = "float[N, 2] y",
    **weights: Any,
) -> Coverage:
    held = {name: np.asarray(value) for name, value in weights.items()}
    model = load(build(body, inputs=inputs, outputs=outputs, weights=held), name="m")
    labels = Labels({v.name or "": InputLabel(role=Role.ITEM) for v in model.ir.graph.inputs})
    found = verify(model, model, labels, batches=(3,), seeds=(0,)).coverage
    assert found is not None
    return found


def missed(found: Coverage) -> set[tuple[str, str]]:
    return {(one.op, one.branch) for one in found.missed}


NEVER = "n = Mul (x, zero) b = Greater (n, one) "
HELD: dict[str, Any] = {"zero": np.float32(0), "one": np.float32(1), "three": np.float32(3)}

CASES = [
    (NEVER + "y = Where (b, x, n)", {("Where", "true"), ("Where", "a row all true"),
                                     ("Where", "a row of both")}),
    (NEVER + "c = Cast <to = 1> (b) y = Add (x, c)", {("Greater", "true")}),
    ("n = Mul (x, zero) c = Clip (n, zero, three) y = Add (x, c)",
     {("Clip", "held at the lower bound"), ("Clip", "held at the upper bound")}),
    ("n = Mul (x, zero) c = Max (n, zero) y = Add (x, c)", {("Max", "held at the bound")}),
    ("s = Abs (x) r = Relu (s) y = Add (r, x)", {("Relu", "below zero")}),
    ("y = Relu (x)", set()),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), CASES)
def test_branches_that_nothing_reaches_are_missed(
    body: str, expected: set[tuple[str, str]]
) -> None:
    assert missed(coverage(body, **HELD)) == expected


def test_a_branch_of_a_conditional_is_named() -> None:
    branch = "a = {op} (x)"
    body = (
        "m = ReduceMax <keepdims = 0> (x) n = Mul (m, zero) b = Greater (n, one) "
        f"y = If (b) <then_branch = t () => (float[N, 2] a) {{ {branch.format(op='Neg')} }}, "
        f"else_branch = e () => (float[N, 2] a) {{ {branch.format(op='Relu')} }}>"
    )
    found = coverage(body, **HELD)
    assert missed(found) == {("If", "true")}
    assert len(found.unseen) == 1


def test_scores_that_are_never_masked_are_missed() -> None:
    body = "o = Mul (k, zero) p = Mul (o, low) y = Add (x, p)"
    inputs = "float[N, 2] x, float[N, 2] k"
    held = HELD | {"low": np.float32(-1e9)}
    assert missed(coverage(body, inputs=inputs, **held)) == {
        ("Mul", "masked"), ("Mul", "a row all masked"), ("Mul", "a row of both")
    }  # fmt: skip


def test_a_tables_rows_that_are_never_looked_up_are_missed() -> None:
    body = "k = Clip (i, two, three) y = Gather (T, k)"
    found = coverage(
        body, inputs="int64[N] i", T=TABLE, two=np.int64(2), three=np.int64(3)
    )  # fmt: skip
    assert {("Gather", "row 0"), ("Gather", "row 9")} <= missed(found)
    assert missed(coverage("y = Gather (T, i)", inputs="int64[N] i", T=TABLE)) == set()


def test_lengths_that_the_original_refuses_are_missed() -> None:
    body = "s = Slice (h, four, five, two) y = Squeeze (s, two)"
    found = coverage(
        body, inputs="float[N, L, 2] h",
        four=[4], five=[5], two=[1],
    )  # fmt: skip
    assert ("", "length 0") in missed(found)
    assert ("", "more than 6 long") not in missed(found)


def test_the_trips_of_a_loop_are_told() -> None:
    body = """
        y = Loop (t, yes, x) <body = b (int64 i, bool c, float[N, 2] s) => (bool k, float[N, 2] o) {
            k = Identity (c)
            o = Add (s, three)
        }>
        """
    found = coverage(body, inputs="float[N, 2] x, int64 t", yes=np.array(True), three=f32([3, 3]))
    assert ("Loop", "no trip") not in missed(found)
    assert ("Loop", "one trip") not in missed(found)


def test_what_is_known_before_the_run_has_no_branches() -> None:
    body = "z = Shape (x) w = Gather (z, one) b = Equal (w, two) y = Where (b, x, x)"
    assert coverage(body, one=np.int64(1), two=np.int64(2)).branches == 0


def test_nothing_is_claimed_where_the_nodes_do_not_run_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise ExecutionError("no kernel")

    monkeypatch.setattr(Probe, "run", refuse)
    model = load(build("y = Relu (x)", inputs="float[N, 2] x", outputs="float[N, 2] y"))
    found = verify(model, model, Labels({"x": InputLabel(role=Role.ITEM)}), batches=(3,))
    assert found.passed
    assert found.coverage is None
