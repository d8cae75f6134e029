"""Queries of few rows meet the weights of the keys first, and sums over places those of values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from mari_engine import load, plan
from mari_engine.types import Action, Decision
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

PLACES, WIDTH, HEADS = 24, 16, 2
SIZE = WIDTH // HEADS
LABELS = roles(u="user", i="item")
GIVEN = requests((1, 3), u=f"user N, {WIDTH}", i=f"item N, {PLACES}, {WIDTH}", whole=False)


@dataclass(frozen=True)
class OneQuery:
    """Attention of `rows` rows of the candidates to a sequence of theirs, scaled by the user."""

    rows: int = 1
    biased: bool = True
    packed: bool = False
    read_twice: bool = False

    @property
    def data(self) -> bytes:
        """The model."""
        rng = np.random.default_rng(7)

        def drawn(*shape: int) -> np.ndarray:
            return (rng.normal(size=shape) / 3).astype(np.float32)

        keys = "k1 = Add (k0, bk) v1 = Add (v0, bv)" if self.biased else (
            "k1 = Identity (k0) v1 = Identity (v0)"
        )  # fmt: skip
        made = "k0 = MatMul (x, wk) v0 = MatMul (x, wv)"
        if self.packed:
            made = "kv = MatMul (x, wkv) k0, v0 = Split <axis = 2> (kv, halves)"
        more = "ks = ReduceMax <axes = [1], keepdims = 0> (k1)" if self.read_twice else ""
        last = "z = Add (y1, ks)" if self.read_twice else "z = Identity (y1)"
        return build(
            f"""
            scale = Sigmoid (u) wide = Unsqueeze (scale, one) s0 = Mul (i, wide) x = Relu (s0)
            few = Slice (x, from, to, one) q0 = MatMul (few, wq) {made} {keys} {more}
            qr = Reshape (q0, q_heads) kr = Reshape (k1, heads) vr = Reshape (v1, heads)
            q = Transpose <perm = [0, 2, 1, 3]> (qr) k = Transpose <perm = [0, 2, 3, 1]> (kr)
            v = Transpose <perm = [0, 2, 1, 3]> (vr)
            s = MatMul (q, k) p = Softmax <axis = -1> (s) a = MatMul (p, v)
            at = Transpose <perm = [0, 2, 1, 3]> (a) ar = Reshape (at, joined)
            y0 = ReduceSum <keepdims = 0> (ar, one) y1 = Relu (y0) {last}
            """,
            inputs=f"float[N, {WIDTH}] u, float[N, {PLACES}, {WIDTH}] i",
            outputs=f"float[N, {WIDTH}] z",
            weights={
                "wq": drawn(WIDTH, WIDTH), "wk": drawn(WIDTH, WIDTH), "wv": drawn(WIDTH, WIDTH),
                "wkv": drawn(WIDTH, 2 * WIDTH), "bk": drawn(WIDTH), "bv": drawn(WIDTH),
                "halves": np.array([WIDTH, WIDTH]), "one": np.array([1]), "from": np.array([0]),
                "to": np.array([self.rows]), "heads": np.array([-1, PLACES, HEADS, SIZE]),
                "q_heads": np.array([-1, self.rows, HEADS, SIZE]),
                "joined": np.array([-1, self.rows, WIDTH]),
            },
        )  # fmt: skip

    def decisions(self) -> dict[str, Decision]:
        """Return what becomes of each product."""
        made = plan(load(self.data, name="model"), LABELS, candidates=500, signature="compact")
        return {each.node: each for each in made.decisions}


def taken(found: dict[str, Decision]) -> list[str]:
    return [name for name, each in found.items() if "takes its weights first" in each.reason]


@pytest.mark.parametrize("rows", [1, 2, PLACES])
@pytest.mark.parametrize("flags", list(product((False, True), repeat=3)))
def test_the_same_whatever_is_taken_first(rows: int, flags: tuple[bool, bool, bool]) -> None:
    model = OneQuery(rows, *flags)
    assert wrong_rewrites(model.data, LABELS, GIVEN, alike(1e-5)) == []


@pytest.mark.parametrize("biased", [False, True])
def test_neither_keys_nor_values_are_projected_at_each_place(biased: bool) -> None:
    found = OneQuery(biased=biased).decisions()
    assert sorted(taken(found)) == ["MatMul_1", "MatMul_2"]
    before = sum(each.flops_before.per_candidate for each in found.values())
    after = sum(each.flops_after.per_candidate for each in found.values())
    assert found["MatMul_1"].action == Action.FUSED
    assert after < before / 4


def test_keys_and_values_of_one_weight_are_taken_apart() -> None:
    found = OneQuery(packed=True).decisions()
    assert taken(found) == ["MatMul_1"]


def test_queries_of_all_places_meet_projected_keys() -> None:
    assert taken(OneQuery(rows=PLACES).decisions()) == []


def test_keys_that_something_else_reads_are_projected() -> None:
    assert taken(OneQuery(read_twice=True).decisions()) == ["MatMul_2"]
