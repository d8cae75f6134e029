"""A sequence that is built only to be joined is the join of its tensors."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from mari_engine.passes.sequence_to_concat import SEQUENCE_TO_CONCAT
from support.builders import build
from support.pass_checks import reasons
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
INPUTS = "float[N, 4] u, float[N, 3] i"
WEIGHTS = {"w": np.arange(14, dtype=np.float32).reshape(7, 2) % 3 - 1, "none": np.array(0)}


def test_a_list_that_is_joined_where_it_is_made_is_a_join() -> None:
    data = build(
        """
        c = SequenceConstruct (u, i) j = ConcatFromSequence <axis = 1> (c)
        h = MatMul (j, w) y = Relu (h)
        """,
        inputs=INPUTS,
        outputs="float[N, 2] y",
        weights=WEIGHTS,
    )
    given = requests(u="user N, 4", i="item N, 3")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []
    made = plan(load(data), LABELS, signature="compact")
    assert "split" in [decision.action for decision in made.decisions]
    assert "ConcatFromSequence" not in [node.op_type for node in made.optimized.ir.graph]


@pytest.mark.parametrize(
    ("join", "reason"),
    [
        ("<axis = 1, new_axis = 1> (c)", "it stacks its tensors along a new axis"),
        ("<axis = 1> (d)", "its sequence is not built from single tensors"),
    ],
    ids=["stacked", "from elsewhere"],
)
def test_another_sequence_stays(join: str, reason: str) -> None:
    data = build(
        f"""
        c = SequenceConstruct (i, i) d = SequenceErase (c, none)
        j = ConcatFromSequence {join} y = Relu (j)
        """,
        inputs=INPUTS,
        outputs="float[A] y" if "new" in join else "float[A, B] y",
        weights=WEIGHTS,
    )
    assert reasons(SEQUENCE_TO_CONCAT, load(data)) == [reason]
