"""What norms and softmaxes over columns of both sides leave attainable, by hand and as reached."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.metering import measure
from mari_engine.metering.pattern_ranks import rank_patterns
from mari_engine.pipeline import plan
from mari_engine.types import Flops, Labels, Measurement
from support.builders import build
from support.joined_attention import HEADS, LENGTH, SIZE, WIDTH, JoinedAttention, drawn
from support.norm_models import EACH_NORM, HIDDEN, ITEM, LABELS, NORMS, USER, normed_tower
from support.rewrite_checks import roles

MANY = 2_000
"""Candidates for which these small layers are worth it."""


def measured(data: bytes, labels: Labels = LABELS) -> Measurement:
    return measure(plan(load(data, name="g"), labels, candidates=MANY, autotune=False))


def reached(found: Measurement) -> float:
    """Return the FLOPs reached, of those attainable."""
    assert found.ratio is not None
    return found.ratio


@EACH_NORM
def test_norms_of_both_sides_reach_what_is_attainable(norm: str) -> None:
    found = measured(normed_tower(norm))
    assert 1.0 <= reached(found) <= 1.05
    assert found.limit.at(MANY) <= found.attainable.at(MANY)


@pytest.mark.parametrize(("norm", "numbers"), [("layer norm", 2), ("root mean square", 1)])
def test_a_norm_costs_its_statistics(norm: str, numbers: int) -> None:
    """The user's columns are u / s - m / s: a number or two of the row each."""
    found = measured(normed_tower(NORMS[norm]))
    assert found.attainable == Flops(2 * USER * HIDDEN, 2 * (ITEM + numbers) * HIDDEN)


def test_groups_have_their_own_statistics() -> None:
    """Of two groups of 8, the first has six columns of the user, the second three."""
    data = build(
        """
        x = Concat <axis = 1> (user, item, more) g = Reshape (x, groups)
        t = InstanceNormalization (g, one, zero) n = Reshape (t, whole) y = MatMul (n, W)
        """,
        inputs="float[N, 6] user, float[N, 7] item, float[N, 3] more",
        outputs="float[N, 5] y",
        weights={
            "groups": np.array([-1, 2, 8]), "whole": np.array([-1, 16]), "W": drawn(16, 5),
            "one": np.ones(2, "f"), "zero": np.zeros(2, "f"),
        },
    )  # fmt: skip
    found = measured(data, roles(user="user", item="item", more="user"))
    assert found.attainable == Flops(2 * 9 * 5, 2 * (7 + 2 + 2) * 5)


def test_what_a_bend_makes_of_a_normed_column_is_the_candidates() -> None:
    found = measured(normed_tower(body="r = Sigmoid (n) y = Gemm (r, W, B)"))
    assert found.attainable == found.before


def test_a_pattern_of_many_numbers_is_none() -> None:
    rng = np.random.default_rng(0)
    patterns = np.repeat([0, 1, 2, -2], 6)
    rows = np.concatenate(
        [rng.standard_normal((64, rank)) @ rng.standard_normal((rank, 6)) for rank in (1, 2, 3, 6)],
        axis=1,
    )
    assert rank_patterns(patterns, rows).ranks == {0: 1, 1: 2}


WEIGHTS = {
    "softmax": "p = Softmax <axis = -1> (s)",
    "a bias": "sb = Add (s, bias) p = Softmax <axis = -1> (sb)",
    "half of it": "p0 = Softmax <axis = -1> (s) p = Div (p0, two)",
    "guarded": "p0 = Softmax <axis = -1> (s) no = IsNaN (p0) p = Where (no, zero, p0)",
    "keys of the user masked": """
        mc = Concat <axis = 1> (m, c) seen = Greater (mc, zero) pairs = Unsqueeze (seen, dims)
        sm = Where (pairs, s, low) p = Softmax <axis = -1> (sm)
    """,
}


@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_softmax_over_keys_of_both_sides(weights: str) -> None:
    """Row l is a_l o_l + p_lt v_t: two numbers for each head and result, and v_t W once."""
    layer = JoinedAttention(weights=WEIGHTS[weights], held={"bias": drawn(LENGTH + 1, LENGTH + 1)})
    found = measured(layer.data, layer.labels)
    *_, scores, total, project = (each.attainable for each in found.products)
    rows = LENGTH + 1
    assert scores == Flops(2 * LENGTH**2 * WIDTH, 2 * (2 * LENGTH + 1) * WIDTH)
    assert total == Flops(2 * LENGTH**2 * WIDTH, 2 * rows * WIDTH)
    history, target = 2 * LENGTH * HEADS * WIDTH, WIDTH * WIDTH
    shared = HEADS * SIZE * WIDTH
    assert project == Flops(2 * LENGTH * WIDTH**2, 2 * (history + target + shared))
    # The rewrite projects the target twice for its scores.
    assert 1.0 <= reached(found) <= 1.25


def test_weights_without_a_softmax_need_no_number_of_the_row() -> None:
    layer = JoinedAttention(weights="g = Sigmoid (s) p = Mul (s, g)")
    found = measured(layer.data, layer.labels)
    project = found.products[-1].attainable
    assert project is not None
    history = LENGTH * HEADS * WIDTH
    assert project.per_candidate == 2 * (history + WIDTH * WIDTH + HEADS * SIZE * WIDTH)
    assert 0.98 <= reached(found) <= 1.0  # a target's score of itself is multiplied elementwise


@pytest.mark.parametrize("hidden", [-np.inf, -1e9])
def test_rows_that_a_mask_keeps_from_the_target_are_the_requests(hidden: float) -> None:
    rows = LENGTH + 1
    seen = np.tril(np.ones((rows, rows), bool))
    seen[0, 1] = True  # a weight that is always 1 would be nobody's
    mask = np.where(seen, 0, hidden).astype("f")
    layer = JoinedAttention(
        weights="sb = Add (s, pairs) p = Softmax <axis = -1> (sb)", held={"pairs": mask}
    )
    found = measured(layer.data, layer.labels)
    total, project = (each.attainable for each in found.products[-2:])
    assert project == Flops(2 * LENGTH * WIDTH**2, 2 * WIDTH**2)
    assert total is not None
    assert total.per_candidate == 2 * (rows * WIDTH + LENGTH * WIDTH)


def test_rows_that_are_read_as_they_are_are_summed() -> None:
    layer = JoinedAttention(
        read="y1 = Relu (a) y = ReduceSum <keepdims = 0> (y1, places)",
        held={"places": np.array([2])},
    )
    layer = replace(layer, targets=2)
    total = measured(layer.data, layer.labels).products[-1].attainable
    rows, keys = LENGTH + 2, LENGTH + 2
    assert total is not None
    assert total.per_candidate == 2 * WIDTH * (LENGTH * (1 + 2) + 2 * keys)
    assert total.per_request == 2 * WIDTH * (rows - 2) * LENGTH


def test_rows_that_are_read_twice_are_summed_and_merged_all_the_same() -> None:
    read = """
        at = Transpose <perm = [0, 2, 1, 3]> (a) ar = Reshape (at, wide) ao = MatMul (ar, o)
        y0 = Add (ao, ar) y1 = Relu (y0) y = ReduceSum <keepdims = 0> (y1, one)
    """
    layer = JoinedAttention(read=read)
    *_, total, project = (each.attainable for each in measured(layer.data, layer.labels).products)
    assert total is not None
    assert project is not None
    assert total.per_candidate == 2 * WIDTH * (2 * LENGTH + LENGTH + 1)
    assert project.per_candidate == 2 * (2 * LENGTH * HEADS * WIDTH + 2 * WIDTH**2)
