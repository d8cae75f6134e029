"""Heads are made where attention reads them, and nothing is turned for them."""

from __future__ import annotations

import numpy as np

from mari_engine import Plan, load, plan
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

RNG = np.random.default_rng(0)
FIELDS, WIDTH, HEADS, SIZE = 6, 8, 2, 4
LABELS = roles(u="user", i="item")
INPUTS = f"float[N, 4, {WIDTH}] u, float[N, 2, {WIDTH}] i"
GIVEN = requests(u=f"user N, 4, {WIDTH}", i=f"item N, 2, {WIDTH}", whole=False)
HEAD = """
    {0}p = MatMul (x, w{0}) {1} {0}r = Reshape ({2}, heads)
    {0} = Transpose <perm = [0, 2, 1, 3]> ({0}r)
"""
ATTEND = """
    kt = Transpose <perm = [0, 1, 3, 2]> (k) s = MatMul (q, kt) a = Softmax <axis = 3> (s)
    o = MatMul (a, v) ot = Transpose <perm = [0, 2, 1, 3]> (o) m = Reshape (ot, merged)
    r = MatMul (x, wr) z = Add (m, r) y = Relu (z)
"""


def attention(*, biased: bool = False) -> Plan:
    """Check an AutoInt layer over joined fields, and return its plan."""
    added = "{0}b = Add ({0}p, bias)"
    projections = "".join(
        HEAD.format(name, added.format(name) if biased else "", f"{name}{'b' if biased else 'p'}")
        for name in "qkv"
    )
    data = build(
        f"x = Concat <axis = 1> (u, i) {projections} {ATTEND}",
        inputs=INPUTS,
        outputs=f"float[N, {FIELDS}, {WIDTH}] y",
        weights={
            **{f"w{name}": RNG.normal(size=(WIDTH, WIDTH)).astype("f") for name in "qkvr"},
            "bias": RNG.normal(size=WIDTH).astype("f"),
            "heads": np.array([-1, FIELDS, HEADS, SIZE]),
            "merged": np.array([-1, FIELDS, WIDTH]),
        },
    )
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-5)) == []
    return plan(load(data), LABELS, signature="compact")


def turns(made: Plan) -> list[tuple[int, ...]]:
    return [
        tuple(node.attributes.get_ints("perm"))
        for node in made.optimized.ir.graph
        if node.op_type == "Transpose"
    ]


def test_projections_make_heads_as_matrices_of_a_stack() -> None:
    made = attention()
    assert (0, 2, 1, 3) not in turns(made)
    stacked = [
        node
        for node in made.optimized.ir.graph
        if node.op_type == "MatMul"
        and (weight := node.inputs[1]) is not None
        and weight.shape == (HEADS, WIDTH, SIZE)
    ]
    assert len(stacked) == len("qkv")


def test_a_bias_would_cost_what_turning_does() -> None:
    assert (0, 2, 1, 3) in turns(attention(biased=True))
