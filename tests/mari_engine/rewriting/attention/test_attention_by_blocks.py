"""Attention over keys of both sides gives the same by blocks, however it is spelled and masked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mari_engine import certify, load, plan
from mari_engine.types import Action, Decision
from support.joined_attention import LENGTH, WIDTH, JoinedAttention, drawn
from support.rewrite_checks import alike, wrong_rewrites

MASK = "mc = Concat <axis = 1> (m, c) seen = Greater (mc, zero) wide_seen = Unsqueeze (seen, dims)"
ADDED = (
    f"{MASK} mask = Where (wide_seen, zero, low) sm = Add (s, mask) p = Softmax <axis = -1> (sm)"
)
CHOSEN = f"{MASK} sm = Where (wide_seen, s, low) p = Softmax <axis = -1> (sm)"
WEIGHTS = {
    "no mask": "p = Softmax <axis = -1> (s)",
    "a finite bias": "sb = Add (s, pairs) p = Softmax <axis = -1> (sb)",
    "a mask of -inf": "sb = Where (some, s, lowest) p = Softmax <axis = -1> (sb)",
    "keys masked, scores lowered": ADDED,
    "keys masked, scores chosen": CHOSEN,
    "twice a softmax": "p0 = Softmax <axis = -1> (s) p = Mul (p0, two)",
    "half a softmax": "p0 = Softmax <axis = -1> (s) p = Div (p0, two)",
    "no softmax": "g = Sigmoid (s) p = Mul (s, g)",
    "scores as they are": "p = Mul (s, two)",
}
FLAT = "y2 = Flatten <axis = 1> (y1) y = MatMul (y2, flat)"
SPELLINGS = {
    "target first": JoinedAttention(joined="x = Concat <axis = 1> (t, h)"),
    "target between": JoinedAttention(
        joined="h0, h1 = Split <axis = 1> (h, parts) x = Concat <axis = 1> (h0, t, h1)"
    ),
    "by equation": JoinedAttention(total='a = Einsum <equation = "nhqk,nhkd->nhqd"> (p, vh)'),
    "not projected": JoinedAttention(
        read=f"""
            at = Transpose <perm = [0, 2, 1, 3]> (a) ar = Reshape (at, wide) y0 = Add (ar, x)
            y1 = Relu (y0) {FLAT}
        """
    ),
    "linear to the end": JoinedAttention(
        read=f"""
            at = Transpose <perm = [0, 2, 1, 3]> (a) ar = Reshape (at, wide) ao = MatMul (ar, o)
            y1 = Add (ao, bo) {FLAT}
        """
    ),
    "projected as rows": JoinedAttention(
        read="""
            at = Transpose <perm = [2, 0, 1, 3]> (a) ar = Reshape (at, rows)
            ao = Gemm <transB = 1> (ar, o, bo) y1 = Relu (ao) y2 = Reshape (y1, places)
            y = ReduceMax <axes = [0], keepdims = 0> (y2)
        """
    ),
    "read at some rows": JoinedAttention(
        read="""
            at = Transpose <perm = [0, 2, 1, 3]> (a) ar = Reshape (at, wide) ao = MatMul (ar, o)
            few = Gather <axis = 1> (ao, picked) y1 = Relu (few)
            y = ReduceSum <keepdims = 0> (y1, one)
        """
    ),
}  # fmt: skip


def held(targets: int = 1) -> dict[str, np.ndarray]:
    rows = LENGTH + targets
    seen = np.random.default_rng(1).random((rows, rows)) < 0.5
    return {
        "pairs": drawn(rows, rows), "some": seen | np.eye(rows, dtype=bool),
        "flat": drawn(rows * WIDTH, 3), "parts": np.array([5, LENGTH - 5]),
        "rows": np.array([-1, WIDTH]), "places": np.array([rows, -1, WIDTH]),
        "picked": np.array([0, 4, LENGTH]),
    }  # fmt: skip


def decisions(layer: JoinedAttention, candidates: int = 500) -> dict[str, Decision]:
    planned = plan(load(layer.data, name="layer"), layer.labels, candidates=candidates)
    return {each.node: each for each in planned.decisions}


def merges(layer: JoinedAttention, candidates: int = 500) -> bool:
    reasons = [each.reason for each in decisions(layer, candidates).values()]
    return any("merged with" in reason or "give its own rows" in reason for reason in reasons)


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_weights_of_any_kind(weights: str, targets: int) -> None:
    layer = JoinedAttention(weights=WEIGHTS[weights], targets=targets, held=held(targets))
    assert not wrong_rewrites(layer.data, layer.labels, layer.requests(), alike(1e-5))
    assert merges(layer)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_any_spelling_around_it(spelling: str) -> None:
    layer = replace(SPELLINGS[spelling], held=held())
    assert not wrong_rewrites(layer.data, layer.labels, layer.requests(), alike(1e-5))
    assert merges(layer)


def test_scores_are_no_longer_of_all_pairs() -> None:
    layer = JoinedAttention(length=40)
    scores = next(each for each in decisions(layer).values() if "its own keys" in each.reason)
    assert scores.action == Action.SPLIT
    pairs = 41 * 41 * WIDTH * 2
    assert scores.flops_before.per_candidate == pairs
    assert scores.flops_after.per_candidate < pairs / 8


@pytest.mark.parametrize("targets", [1, 3])
def test_targets_are_projected_once_for_all_blocks(targets: int) -> None:
    found = decisions(JoinedAttention(length=40, targets=targets))
    for projection in ("MatMul", "MatMul_1", "MatMul_2"):  # of queries, keys, values
        product, bias = 2 * WIDTH * WIDTH, WIDTH
        assert found[projection].flops_after.per_candidate == targets * (product + bias)


def test_an_output_projection_meets_values_and_not_rows() -> None:
    layer = JoinedAttention(length=40)
    found = decisions(layer).values()
    projection = next(each for each in found if "values before their weights" in each.reason)
    assert projection.action == Action.SPLIT
    assert projection.flops_after.per_candidate < projection.flops_before.per_candidate / 4


def test_short_histories_keep_one_softmax() -> None:
    layer = JoinedAttention(length=2)
    assert not merges(layer, candidates=2)
    assert not wrong_rewrites(layer.data, layer.labels, layer.requests(), alike(1e-5))


def test_a_mask_of_pairs_by_candidate_keeps_the_softmax_whole() -> None:
    mask = """
        cs = Unsqueeze (c, dims) seen = Greater (cs, zero) sm = Where (seen, s, low)
        p = Softmax <axis = -1> (sm)
    """
    layer = JoinedAttention(weights=mask, targets=1)
    assert not merges(layer)
    assert not wrong_rewrites(layer.data, layer.labels, layer.requests(), alike(1e-5))


def test_rows_that_are_only_summed_are_never_made() -> None:
    read = """
        at = Transpose <perm = [0, 2, 1, 3]> (a) ar = Reshape (at, wide) ao = MatMul (ar, o)
        y0 = Add (ao, bo) y1 = {} (y0) y = ReduceMean <axes = [1], keepdims = 0> (y1)
    """
    kinds = ("Relu", "Identity")
    layers = [JoinedAttention(length=40, read=read.format(kind)) for kind in kinds]
    made, summed = (
        sum(each.flops_after.per_candidate for each in decisions(layer).values())
        for layer in layers
    )
    assert summed < made - 40 * WIDTH
    assert not wrong_rewrites(layers[1].data, layers[1].labels, layers[1].requests(), alike(1e-5))


def test_a_mask_that_hides_no_target_is_no_unseen_branch() -> None:
    weights = """
        none = Mul (t, nil) total = ReduceSum <keepdims = 0> (none, depth)
        target = Greater (total, below) past = Greater (m, zero)
        mc = Concat <axis = 1> (past, target) seen = Unsqueeze (mc, dims)
        sm = Where (seen, s, low) p = Softmax <axis = -1> (sm)
    """
    numbers = {"nil": np.array(0.0, "f"), "depth": np.array([2]), "below": np.array(-1.0, "f")}
    layer = JoinedAttention(weights=weights, held=numbers)
    planned = plan(load(layer.data, name="layer"), layer.labels, candidates=500)
    assert merges(layer)
    assert certify(planned).passed
