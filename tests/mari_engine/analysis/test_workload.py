"""What a graph costs: loops by their counts, and by the candidates where there is no count."""

from __future__ import annotations

import numpy as np

from mari_engine import load
from mari_engine.analysis import count_cost
from mari_engine.types import Flops
from support.builders import build


def test_a_state_that_is_known_is_no_count_of_rounds() -> None:
    body = """
        s, y = Scan <num_scan_inputs = 1, body = step (float[1] a, float[1] x) =>
            (float[1] c, float[1] z) { c = Add (a, x) z = Identity (c) }> (half, i)
        """
    data = build(
        body,
        inputs="float[N, 1] i",
        outputs="float[N, 1] y",
        weights={"half": np.array([0.5], np.float32)},
    )
    cost = count_cost(load(data, name="m"))
    (work,) = cost.works.values()
    assert work.rounds.per_candidate == 2
    assert work.rounds.per_request == 0


def test_work_of_each_candidate_with_each_grows_with_their_square() -> None:
    model = load(
        build(
            "t = Transpose <perm = [1, 0]> (x) s = MatMul (x, t) y = Relu (s)",
            inputs="float[N, 8] x",
            outputs="float[N, N] y",
        )
    )
    found = count_cost(model, frozenset({"N"}))
    assert found.flops == Flops(per_pair=2 * 8 + 1)
    assert found.flops.at(500) == 17 * 500**2
    assert found.uncounted == ()
