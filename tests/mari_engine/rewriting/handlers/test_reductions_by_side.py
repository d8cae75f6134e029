"""Reductions of what both sides hold: each side alone, beside the axis that goes or along it."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import Side
from mari_engine.loading import load
from mari_engine.pipeline import plan
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
REDUCTIONS = ("Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp", "Mean", "Sum")
MERGED = ("Max", "Min", "L1", "L2", "SumSquare", "LogSumExp", "Sum", "Mean")
RNG = np.random.default_rng(3)
FIELDS = "c = Concat <axis = 1> (u, i)"


def spelled(op: str, axis: int, *, read: str = "c", keepdims: int = 0) -> str:
    """Return a reduction in the words of opset 17."""
    if op == "Sum":
        return f"ReduceSum <keepdims = {keepdims}> ({read}, axis{axis})"
    return f"Reduce{op} <axes = [{axis}], keepdims = {keepdims}> ({read})"


def feeds(*shape: int, items: int = 4) -> list[dict[str, np.ndarray]]:
    """Return requests of one user's and several candidates' fields, all of them positive."""
    out = []
    for batch in (1, 2, 5):
        one = RNG.uniform(0.5, 2.0, (1, *shape)).astype("f")
        out.append({
            "u": np.repeat(one, batch, 0),
            "i": RNG.uniform(0.5, 2.0, (batch, items, *shape[1:])).astype("f"),
        })  # fmt: skip
    return out


AXES = {f"axis{at}": np.array([at]) for at in range(3)}


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("op", MERGED)
def test_a_reduction_over_fields_of_both_sides_merges_partial_results(
    op: str, keepdims: int
) -> None:
    shape = "N, 1, 8" if keepdims else "N, 8"
    data = build(
        f"{FIELDS} y = {spelled(op, 1, keepdims=keepdims)}",
        inputs="float[N, 40, 8] u, float[N, 4, 8] i", outputs=f"float[{shape}] y", weights=AXES,
    )  # fmt: skip
    assert wrong_rewrites(data, LABELS, feeds(40, 8), alike(1e-6), candidates=50_000) == []
    made = plan(load(data), LABELS, candidates=50_000)
    assert made.flops.after.flops.per_candidate < made.flops.before.flops.per_candidate / 4


@pytest.mark.parametrize("op", MERGED)
def test_a_partial_result_has_not_the_name_of_the_whole(op: str) -> None:
    """The check takes values of one name for the same where they agree on typical requests."""
    data = build(
        f"{FIELDS} m = {spelled(op, 1)} y = Relu (m)",
        inputs="float[N, 40, 8] u, float[N, 4, 8] i", outputs="float[N, 8] y", weights=AXES,
    )  # fmt: skip
    made = plan(load(data), LABELS, candidates=50_000).optimized.ir.graph
    sides = {"u": {"u"}, "i": {"i"}}
    for node in made:
        read = [sides.get(value.name or "", set()) for value in node.inputs if value is not None]
        sides |= {value.name or "": set[str]().union(*read) for value in node.outputs}
    assert sides.get("m", {"u", "i"}) == {"u", "i"}


@pytest.mark.parametrize("op", ["Prod", "LogSum"])
def test_partial_results_that_may_leave_the_range_are_not_merged(op: str) -> None:
    data = build(
        f"{FIELDS} y = {spelled(op, 1)}", inputs="float[N, 40, 2] u, float[N, 4, 2] i",
        outputs="float[N, 2] y",
    )  # fmt: skip
    assert wrong_rewrites(data, LABELS, feeds(40, 2), alike(1e-5), candidates=50_000) == []
    made = plan(load(data), LABELS, candidates=50_000)
    assert made.flops.after.flops.per_candidate == made.flops.before.flops.per_candidate


@pytest.mark.parametrize("op", REDUCTIONS)
def test_a_reduction_beside_joined_fields_reduces_each_side_alone(op: str) -> None:
    data = build(
        f"{FIELDS} s = {spelled(op, 2)} y = MatMul (s, W)",
        inputs="float[N, 40, 8] u, float[N, 4, 8] i", outputs="float[N, 3] y",
        weights={"W": RNG.uniform(0.5, 1.0, (44, 3)).astype("f"), **AXES},
    )  # fmt: skip
    assert wrong_rewrites(data, LABELS, feeds(40, 8), alike(1e-5), candidates=50_000) == []
    made = plan(load(data), LABELS, candidates=50_000)
    assert [decision.action.value for decision in made.decisions] == ["split"]
    assert made.flops.after.flops.per_candidate < made.flops.before.flops.per_candidate / 4


@pytest.mark.parametrize("op", ["Max", "Min", "LogSumExp"])
def test_infinities_of_either_side_are_merged_as_they_are_reduced(op: str) -> None:
    data = build(
        f"{FIELDS} y = {spelled(op, 1)}", inputs="float[N, 40, 2] u, float[N, 4, 2] i",
        outputs="float[N, 2] y",
    )  # fmt: skip
    given = feeds(40, 2)
    for request, sign in zip(given, (1, -1, -1), strict=True):
        request["u"][:, :, 0] = sign * np.inf
        request["i"][0, :, 0] = -np.inf

    def same(truth: np.ndarray, other: np.ndarray) -> bool:
        return np.allclose(truth, other, rtol=1e-6, atol=0, equal_nan=True)

    assert wrong_rewrites(data, LABELS, given, same, candidates=50_000) == []


def test_whole_numbers_have_a_largest_one_too() -> None:
    data = build(
        "a = Cast <to = 7> (u) b = Cast <to = 7> (i) c = Concat <axis = 1> (a, b) "
        f"y = {spelled('Max', 1)}", inputs="float[N, 40, 8] u, float[N, 4, 8] i",
        outputs="int64[N, 8] y",
    )  # fmt: skip
    given = requests(u="user N, 40, 8", i="item N, 4, 8")
    assert wrong_rewrites(data, LABELS, given, alike(0), candidates=50_000) == []


HISTORY = "float[N, L, 4] h, float[N, 3] i"


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("op", REDUCTIONS)
def test_a_history_of_free_length_is_reduced_once(op: str, keepdims: int) -> None:
    body = f"m = {spelled(op, 1, read='h', keepdims=keepdims)}"
    squeezed = "v = Squeeze (m, axis1)" if keepdims else "v = Identity (m)"
    data = build(
        f"{body} {squeezed} c = Concat <axis = 1> (v, i) y = MatMul (c, W)", inputs=HISTORY,
        outputs="float[N, 5] y", weights={"W": RNG.uniform(0.1, 1, (7, 5)).astype("f"), **AXES},
    )  # fmt: skip
    labels = roles(h="user", i="item")
    given = []
    for batch, length in ((1, 1), (3, 2), (5, 7)):
        one = RNG.uniform(0.5, 2.0, (1, length, 4)).astype("f")
        items = RNG.uniform(0.5, 2.0, (batch, 3)).astype("f")
        given.append({"h": np.repeat(one, batch, 0), "i": items})
    assert wrong_rewrites(data, labels, given, alike(1e-5)) == []
    made = plan(load(data), labels, candidates=50_000)
    assert made.coloring.values["m"].side == Side.REQUEST
    assert [decision.action.value for decision in made.decisions] == ["split"]


@pytest.mark.parametrize("op", REDUCTIONS)
def test_what_a_runtime_makes_of_an_empty_history_stays(op: str) -> None:
    data = build(
        f"m = {spelled(op, 1, read='h')} y = Add (m, i)", inputs="float[N, L, 4] h, float[N, 4] i",
        outputs="float[N, 4] y", weights=AXES,
    )  # fmt: skip
    given = [{"h": np.zeros((n, 0, 4), "f"), "i": np.ones((n, 4), "f")} for n in (1, 3)]
    same = np.array_equal
    assert wrong_rewrites(data, roles(h="user", i="item"), given, same) == []


def test_a_mean_over_fields_and_a_free_length_is_one_reduction() -> None:
    data = build(
        "m = ReduceMean <axes = [1, 2], keepdims = 0> (h) y = Add (m, i)",
        inputs="float[N, L, 4] h, float[N] i",
        outputs="float[N] y",
    )
    given = [
        {"h": np.repeat(RNG.uniform(0.5, 2, (1, length, 4)).astype("f"), n, 0),
         "i": np.ones(n, "f")} for n, length in ((1, 3), (4, 2))
    ]  # fmt: skip
    assert wrong_rewrites(data, roles(h="user", i="item"), given, alike(1e-6)) == []


def test_each_side_is_still_one_tensor_where_nothing_is_split() -> None:
    data = build(
        f"{FIELDS} y = {spelled('Max', 1)}", inputs="float[N, 1, 1] u, float[N, 1, 1] i",
        outputs="float[N, 1] y",
    )  # fmt: skip
    made = plan(load(data), LABELS, candidates=1)
    assert made.flops.after.flops.at(1) == made.flops.before.flops.at(1)
