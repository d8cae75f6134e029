<<<<<<< HEAD
"""What a graph costs: loops by their counts, and by the candidates where there is no count."""
=======
"""Counts of work: what a node of the original costs, before anything is rewritten."""
>>>>>>> 94bc526 (A scan's constant state is no count of rounds)

from __future__ import annotations

import numpy as np

<<<<<<< HEAD
from mari_engine import load
from mari_engine.analysis import count_cost
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
=======
from mari_engine import InputLabel, Labels, Role, load, plan
from support.builders import build


def test_a_scan_from_a_constant_state_has_no_count_of_rounds() -> None:
    """The first operand of a Loop is a count, that of a Scan a number such as 0.19."""
    source = build(
        """
        last, all = Scan <num_scan_inputs = 1, body = step (float s, float[N, 2] x)
            => (float t, float[N, 2] y) { t = Identity (s) y = Mul (x, s) }> (state, h)
        p = ReduceSum <keepdims = 0> (all, first) c = Concat <axis = 1> (p, i) y = MatMul (c, W)
        """,
        inputs="float[5, N, 2] h, float[N, 2] i",
        outputs="float[N, 1] y",
        weights={
            "state": np.array(0.19, np.float32),
            "first": np.array([0]),
            "W": np.ones((4, 1), np.float32),
        },
    )
    labels = {"h": InputLabel(role=Role.USER), "i": InputLabel(role=Role.ITEM)}
    assert plan(load(source, name="scan"), Labels(labels)).flops is not None
>>>>>>> 94bc526 (A scan's constant state is no count of rounds)
