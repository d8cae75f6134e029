"""What is the request's, and added to a batched product, is one more row of what it sums."""

from __future__ import annotations

from mari_engine import load, plan
from support.joined_attention import WIDTH, JoinedAttention
from support.rewrite_checks import alike, wrong_rewrites

ROWS = 40
READ = """
    at = Transpose <perm = [0, 2, 1, 3]> (a) ar = Reshape (at, wide) ao = MatMul (ar, o) {}
    y1 = Relu (y0) y = ReduceSum <keepdims = 0> (y1, one)
"""
ADDED = {
    "nothing": "y0 = Identity (ao)",
    "a bias": "y0 = Add (ao, bo)",
    "a bias and the rows": "b = Add (ao, bo) y0 = Add (b, x)",
}


def layer(added: str) -> JoinedAttention:
    return JoinedAttention(length=ROWS, read=READ.format(ADDED[added]))


def flops_each(added: str) -> int:
    one = layer(added)
    planned = plan(load(one.data, name="layer"), one.labels, candidates=500)
    return planned.flops.after.flops.per_candidate


def test_it_adds_no_pass_over_the_result() -> None:
    plain, biased, residual = (flops_each(each) for each in ADDED)
    a_pass = ROWS * WIDTH
    assert biased - plain < 3 * a_pass  # a row of two heads' three, and the candidates' own rows
    assert residual - biased < a_pass


def test_results_are_the_same() -> None:
    for added in ADDED:
        one = layer(added)
        assert not wrong_rewrites(one.data, one.labels, one.requests(), alike(1e-5))
