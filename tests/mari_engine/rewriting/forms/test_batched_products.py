"""Stacks of matrices of one number, one for each candidate, are multiplied place by place."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pytest

from mari_engine import load, plan
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
GIVEN = requests(u="user N, 24", i="item N, 8", whole=False)
SIZES = (1, 3, 6)


def stacks(rows: int, inner: int, columns: int, *, half: bool = False) -> bytes:
    """Return a model of `[N, rows, inner] x [N, inner, columns]`, both of the user and the item."""
    rng = np.random.default_rng(rows + 10 * inner + 100 * columns)
    kind = np.float16 if half else np.float32
    cast = "x = Cast <to = 10> (j)" if half else "x = Identity (j)"
    sides: Mapping[str, tuple[int, int]] = {"a": (rows, inner), "b": (inner, columns)}
    weights: dict[str, np.ndarray] = {}
    for name, shape in sides.items():
        weights[f"{name}w"] = (rng.normal(size=(32, int(np.prod(shape)))) / 6).astype(kind)
        weights[f"{name}s"] = np.array([-1, *shape])
    made = "".join(
        f"{name}p = MatMul (x, {name}w) {name}r = Relu ({name}p)"
        f" {name} = Reshape ({name}r, {name}s) "
        for name in sides
    )
    return build(
        f"j = Concat <axis = 1> (u, i) {cast} {made} z = MatMul (a, b) y = Relu (z)",
        inputs="float[N, 24] u, float[N, 8] i",
        outputs=f"{'float16' if half else 'float'}[N, r, c] y",
        weights=weights,
    )


def ops(data: bytes) -> list[str]:
    made = plan(load(data, name="stacks"), LABELS, signature="compact")
    return [
        node.op_type for node in made.optimized.ir.graph
        if "z" in {value.name for value in node.outputs}
        or "MatMul_2" in node.metadata_props.get("mari.source", "")
    ]  # fmt: skip


@pytest.mark.parametrize("sizes", list(itertools.product(SIZES, SIZES, SIZES)))
def test_the_same_whatever_the_sizes(sizes: tuple[int, int, int]) -> None:
    assert wrong_rewrites(stacks(*sizes), LABELS, GIVEN, alike(1e-5)) == []


def test_products_of_two_numbers_are_multiplied_and_summed() -> None:
    made = ops(stacks(1, 6, 1))
    assert {"Mul", "ReduceSum"} <= set(made)
    assert "MatMul" not in made


@pytest.mark.parametrize(("rows", "columns"), [(1, 6), (6, 1), (3, 6), (1, 1)])
def test_a_sum_of_one_number_is_none(rows: int, columns: int) -> None:
    made = ops(stacks(rows, 1, columns))
    assert "Mul" in made
    assert not {"MatMul", "ReduceSum"} & set(made)


@pytest.mark.parametrize("sizes", [(3, 6, 3), (1, 6, 3), (3, 6, 1)])
def test_other_stacks_stay_products_of_matrices(sizes: tuple[int, int, int]) -> None:
    assert "MatMul" in ops(stacks(*sizes))


def test_halves_are_summed_before_they_are_rounded() -> None:
    assert "MatMul" in ops(stacks(1, 6, 1, half=True))
