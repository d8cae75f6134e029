"""Ops with bodies: rows are treated alone where each node in the bodies does so."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.analysis import survey_by_labels
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Labels, Side, Signature
from support.builders import build
from support.rewrite_checks import alike, roles, wrong_rewrites

RNG = np.random.default_rng(21)
LABELS = roles(h="user", u="user", i="item")
INPUTS = "float[L, N, 4] h, float[N, 4] u, float[N, 4] i"
WEIGHTS = {
    "W": RNG.uniform(-1, 1, (4, 4)).astype("f"), "V": RNG.uniform(-1, 1, (8, 3)).astype("f"),
    "axis0": np.array([0]), "axis1": np.array([1]), "three": np.array(3), "true": np.array(True),
    "zero": np.array(0.0, "f"), "four": np.array([4]), "one": np.array([1]), "nought": np.array(0),
}  # fmt: skip
END = "c = Concat <axis = 1> (last, i) y = MatMul (c, V)"


def requests() -> list[dict[str, np.ndarray]]:
    out = []
    for batch, length in ((1, 2), (2, 5), (5, 3)):
        h, u = RNG.normal(size=(length, 1, 4)), RNG.normal(size=(1, 4))
        out.append({
            "h": np.repeat(h, batch, 1).astype("f"), "u": np.repeat(u, batch, 0).astype("f"),
            "i": RNG.normal(size=(batch, 4)).astype("f"),
        })  # fmt: skip
    return out


def checked(body: str, labels: Labels = LABELS, inputs: str = INPUTS) -> bytes:
    data = build(body, inputs=inputs, outputs="float[N, 3] y", weights=WEIGHTS)
    assert wrong_rewrites(data, labels, requests(), alike(1e-5)) == []
    return data


def side(data: bytes, value: str = "last") -> Side:
    return plan(load(data), LABELS).coloring.values[value].side


def refusal(data: bytes, node: str) -> str:
    """Return why a node has no declaration, "" where it has one."""
    model = load(data)
    survey = survey_by_labels(model, LABELS)
    return {each.name: reason for each, reason in survey.unknown.items()}.get(node, "")


def scan(step: str, states: str = "u", more: str = "") -> str:
    """Return a Scan over the history whose body makes `t` of the state `s` and the element `x`."""
    return f"""
        last, all = Scan <num_scan_inputs = 1, {more} body = step
            (float[N, 4] s, float[N, 4] x) => (float[N, 4] t, float[N, 4] o)
            {{ {step} o = Relu (t) }}> ({states}, h)
    """


SUM = "m = MatMul (s, W) t = Add (m, x)"


def test_a_scan_of_the_requests_side_runs_once() -> None:
    data = checked(scan(SUM) + END)
    assert side(data) == Side.REQUEST
    flops = plan(load(data), LABELS).flops.after
    assert flops.uncounted == ()
    assert flops.flops.per_candidate < 2 * 4 * 4


def test_what_each_step_returns_is_the_requests_too() -> None:
    data = checked(scan(SUM) + "r = ReduceMax <axes = [0], keepdims = 0> (all) "
                   "c = Concat <axis = 1> (r, i) y = MatMul (c, V)")  # fmt: skip
    assert side(data, "r") == Side.REQUEST


def test_results_of_steps_lie_where_the_op_says() -> None:
    body = scan(SUM, more="scan_output_axes = [1],") + (
        "r = ReduceMax <axes = [1], keepdims = 0> (all) c = Concat <axis = 1> (r, i) "
        "y = MatMul (c, V)"
    )
    assert side(checked(body), "r") == Side.REQUEST


def test_a_scan_of_both_sides_runs_for_each_candidate() -> None:
    data = checked(scan(SUM, states="i") + END)
    assert side(data) == Side.CANDIDATE


def test_captured_values_of_the_request_are_one_row() -> None:
    data = checked(scan("m = Mul (s, u) t = Add (m, x)") + END)
    assert side(data) == Side.REQUEST


def test_captured_values_of_the_candidates_make_it_theirs() -> None:
    data = checked(scan("m = Mul (s, i) t = Add (m, x)") + END)
    assert side(data) == Side.CANDIDATE


def test_a_state_of_zeros_that_is_made_of_extents_is_one_row() -> None:
    body = "n = Shape (i) z = ConstantOfShape (n) " + scan(SUM, states="z") + END
    assert side(checked(body)) == Side.REQUEST


@pytest.mark.parametrize("op", ["ReduceMean <axes = [0]> (x)", "CumSum (x, nought)"])
def test_a_body_that_takes_rows_together_stays_as_it_was(op: str) -> None:
    data = checked(scan(f"m = {op} k = Mul (s, m) t = Add (k, x)") + END)
    assert "it takes rows together" in refusal(data, "Scan")


def test_a_body_that_counts_with_the_number_of_rows_stays_as_it_was() -> None:
    body = scan(
        "n = Shape <start = 0, end = 1> (x) f = Cast <to = 1> (n) m = Div (x, f) t = Add (s, m)"
    )
    assert "Div" in refusal(checked(body + END), "Scan")


def test_the_number_of_rows_may_give_a_shape() -> None:
    body = scan(
        "n = Shape <start = 0, end = 1> (x) d = Concat <axis = 0> (n, four) "
        "r = Reshape (x, d) t = Add (s, r)"
    )
    assert side(checked(body + END)) == Side.REQUEST


def test_a_number_of_rows_that_comes_from_outside_is_refused() -> None:
    body = "n = Shape <start = 0, end = 1> (i) d = Concat <axis = 0> (n, four) " + scan(
        "r = Reshape (x, d) t = Add (s, r)"
    )
    assert refusal(checked(body + END), "Scan") == "it reads the number of rows"


def test_random_numbers_are_not_drawn_for_one_row() -> None:
    body = scan("r = RandomNormalLike (x) z = Mul (r, zero) k = Add (s, x) t = Add (k, z)")
    assert "random" in refusal(checked(body + END), "Scan")


def loop(step: str, trips: str = "three", states: str = "u") -> str:
    return f"""
        last = Loop <body = step (int64 at, bool go, float[N, 4] s) => (bool on, float[N, 4] t)
            {{ on = Identity (go) {step} }}> ({trips}, true, {states})
    """


def test_a_loop_of_the_requests_side_runs_once() -> None:
    assert side(checked(loop("m = MatMul (s, W) t = Tanh (m)") + END)) == Side.REQUEST


def test_a_loop_over_steps_of_the_history_runs_once() -> None:
    step = "x = Gather <axis = 0> (h, at) m = MatMul (s, W) t = Add (m, x)"
    body = "e = Shape <start = 0, end = 1> (h) trips = Squeeze (e, axis0)"
    assert side(checked(body + loop(step, trips="trips") + END)) == Side.REQUEST


def test_a_loop_of_the_candidates_is_theirs() -> None:
    data = checked(loop("m = MatMul (s, W) t = Tanh (m)", states="i") + END)
    assert side(data) == Side.ITEM


def test_a_loop_that_stops_by_a_row_stays_as_it_was() -> None:
    data = checked(
        """
        last = Loop <body = step (int64 at, bool go, float[N, 4] s) => (bool on, float[N, 4] t)
            { m = ReduceMax <keepdims = 0> (s) on = Less (m, zero) t = Tanh (s) }>
            (three, true, u)
        """ + END
    )  # fmt: skip
    assert "rows together" in refusal(data, "Loop")


def test_what_a_loop_collects_has_a_length_of_its_own() -> None:
    data = checked(
        """
        last, all = Loop <body = step (int64 at, bool go, float[N, 4] s)
                            => (bool on, float[N, 4] t, float[N, 4] o)
            { on = Identity (go) m = MatMul (s, W) t = Tanh (m) o = Neg (t) }> (three, true, u)
        r = ReduceMin <axes = [0], keepdims = 0> (all) c = Concat <axis = 1> (r, i)
        y = MatMul (c, V)
        """
    )
    assert side(data, "r") == Side.REQUEST


CHOICE = """
    g = Greater (f, zero)
    last = If <then_branch = a () => (float[N, 4] p) {{ p = MatMul ({read}, W) }},
               else_branch = b () => (float[N, 4] q) {{ q = Tanh (u) }}> (g)
"""


@pytest.mark.parametrize(("read", "found"), [("u", Side.REQUEST), ("i", Side.CANDIDATE)])
def test_a_choice_is_made_for_whom_its_branches_read(read: str, found: Side) -> None:
    labels = Labels({**LABELS.inputs, "f": LABELS.inputs["u"]})
    inputs, body = f"{INPUTS}, float f", CHOICE.format(read=read) + END
    data = build(body, inputs=inputs, outputs="float[N, 3] y", weights=WEIGHTS)
    given = [{**each, "f": np.array(sign, "f")} for each in requests() for sign in (-1.0, 1.0)]
    assert wrong_rewrites(data, labels, given, alike(1e-5)) == []
    assert plan(load(data), labels).coloring.values["last"].side == found


def test_a_body_within_a_body_is_followed() -> None:
    inner = loop("m = MatMul (s, W) t = Tanh (m)", states="x").replace("last", "k")
    data = checked(scan(inner + "t = Add (s, k)") + END)
    assert side(data) == Side.REQUEST


def two(step: str) -> str:
    """Return a Scan over two sequences of the request, from a state of the candidates."""
    return f"""
        k = Relu (h) j = Neg (h)
        last, all = Scan <num_scan_inputs = 2, body = step
            (float[N, 4] s, float[N, 4] x, float[N, 4] z) => (float[N, 4] t, float[N, 4] o)
            {{ {step} }}> (i, k, j)
        r = ReduceMax <axes = [0], keepdims = 0> (all)
        c = Concat <axis = 1> (r, last) y = MatMul (c, V)
    """


ADDED = {
    "apart": ("a = Add (s, x) t = Mul (a, z) o = Identity (t)", 0),
    "together": ("a = Mul (x, z) t = Add (s, a) o = Identity (t)", 0),
    "through others": ("f = Softmax (x) g = Tanh (f) a = Mul (g, z) t = Add (s, a) o = Neg (t)", 0),
    "one is returned": ("a = Add (s, x) t = Identity (a) o = Neg (z)", 1),
    "both are returned": ("a = Mul (x, z) t = Identity (s) o = Neg (a)", 2),
    "one is multiplied": ("m = MatMul (z, W) a = Add (s, x) t = Add (a, m) o = Neg (t)", 1),
    "one tells the rows": (
        "n = Shape (x) e = ConstantOfShape (n) t = Add (s, e) a = Mul (t, z) o = Neg (a)", 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDED)
def test_what_a_body_broadcasts_is_one_row_of_the_request(name: str) -> None:
    step, full = ADDED[name]
    labels = roles(h="user", i="item")
    data = build(
        two(step), inputs="float[L, N, 4] h, float[N, 4] i", outputs="float[N, 3] y",
        weights=WEIGHTS,
    )  # fmt: skip
    given = [{"h": each["h"], "i": each["i"]} for each in requests()]
    assert wrong_rewrites(data, labels, given, alike(1e-5)) == []
    made = rewrite(load(data), labels, Options(signature=Signature.DROP_IN, candidates=500))
    (node,) = (each for each in made.model.graph if each.op_type == "Scan")
    makers = [value.producer() for value in node.inputs[1:] if value is not None]
    assert sum(maker is not None and maker.op_type == "Expand" for maker in makers) == full


@pytest.mark.parametrize("axis", [0, 1])
def test_a_scan_over_the_candidates_is_no_work_of_rows_alone(axis: int) -> None:
    read = "i" if axis == 0 else "k"
    data = checked(
        f"""
        k = Transpose (i) z = Gather <axis = 0> (W, nought)
        last, all = Scan <num_scan_inputs = 1, scan_input_axes = [{axis}], body = step
            (float[4] s, float[4] x) => (float[4] t, float[4] o)
            {{ t = Add (s, x) o = Neg (t) }}> (z, {read})
        c = Concat <axis = 1> (u, all) y = MatMul (c, V)
        """
    )
    assert refusal(data, "Scan") == "it takes one candidate after the other"
