"""The contraction path is found with numbers alone."""

from __future__ import annotations

from itertools import combinations

import pytest

from mari_engine.rewriting.forms.contraction_path import (
    Einsum,
    Operand,
    expected_extents,
    find_path,
    path_cost,
)

N, L, E = range(3)


def einsum(*operands: str, output: str, constants: str = "", **extents: int) -> Einsum:
    """Return an einsum of labels written as letters: "nk", "km", output "nm"."""
    names = {letter: at for at, letter in enumerate(extents)}

    def labels(text: str) -> frozenset[int]:
        return frozenset(names[letter] for letter in text)

    given = tuple(Operand(labels(text), text in constants.split()) for text in operands)
    return Einsum(given, labels(output), {names[letter]: extents[letter] for letter in extents})


def test_two_operands_meet_at_once() -> None:
    product = einsum("nk", "km", output="nm", n=500, k=64, m=32)
    assert find_path(product) == ((0, 1),)
    moved = 500 * 64 + 64 * 32 + 500 * 32
    assert path_cost(product) == 500 * 64 * 32 + 4 * moved


def test_one_operand_costs_what_is_read() -> None:
    assert path_cost(einsum("nk", output="n", n=10, k=3)) == 30
    assert find_path(einsum("nk", output="n", n=10, k=3)) == ()


@pytest.mark.parametrize(("candidates", "first"), [(2, (0, 1)), (500, (1, 2))])
def test_request_side_operands_meet_first_for_many_candidates(
    candidates: int, first: tuple[int, int]
) -> None:
    # keys of a history times weights, which the candidates' query meets too
    product = einsum("ne", "le", "eh", output="nlh", n=candidates, l=50, e=64, h=80)
    assert find_path(product)[0] == first


def test_a_narrow_candidate_operand_shrinks_first() -> None:
    # [N, 512] x [512, 4] x [4, 512]: the wide product of the weights is worth nothing
    product = einsum("na", "ab", "bc", output="nc", n=2, a=512, b=4, c=512)
    assert find_path(product)[0] == (0, 1)


def test_weights_that_shrink_meet_when_the_model_is_loaded() -> None:
    weights = einsum("nk", "ab", "bk", output="na", constants="ab bk", n=500, a=8, b=64, k=8)
    assert find_path(weights)[0] == (1, 2)
    alone = einsum("nk", "ak", output="na", constants="ak", n=500, a=8, k=8)
    assert path_cost(weights) == path_cost(alone)


def test_weights_that_grow_are_not_free() -> None:
    outer = einsum("a", "b", output="ab", constants="a b", a=100, b=100)
    assert path_cost(outer) == 100 * 100 + 4 * (100 + 100 + 100 * 100)


def test_products_join_the_list_at_its_end() -> None:
    chain = einsum("ab", "bc", "cd", "de", output="ae", a=1, b=9, c=9, d=9, e=9)
    assert find_path(chain) == ((0, 1), (0, 2), (0, 1))


def test_of_many_operands_the_cheapest_pair_is_next() -> None:
    letters = "abcdefgh"
    pairs = [letters[at : at + 2] for at in range(7)]
    chain = einsum(*pairs, output="ah", a=4, b=4, c=4, d=4, e=2, f=4, g=4, h=4)
    path = find_path(chain)
    assert len(path) == 6
    assert path[0] == (2, 3)  # their product has the short label
    assert all(0 <= a < b < 7 - at for at, (a, b) in enumerate(path))


def test_the_search_tries_every_path() -> None:
    product = einsum("ab", "bc", "cd", "da", output="", a=7, b=2, c=9, d=3)
    assert path_cost(product) == min(cost_of_every_path(product))


def cost_of_every_path(product: Einsum) -> list[float]:
    """Return the cost of each path, summed pair by pair."""
    if len(product.operands) == 2:
        return [path_cost(product)]
    found = []
    for pair in combinations(range(len(product.operands)), 2):
        rest = [op for at, op in enumerate(product.operands) if at not in pair]
        left, right = (product.operands[at] for at in pair)
        keep = product.output.union(*(operand.labels for operand in rest))
        made = Operand((left.labels | right.labels) & keep)
        first = path_cost(Einsum((left, right), made.labels, product.extents))
        after = Einsum((*rest, made), product.output, product.extents)
        found += [first + cost for cost in cost_of_every_path(after)]
    return found


def test_extents_of_the_run_are_expected() -> None:
    assert expected_extents({N: "N", L: "L", E: 8}, 300) == {N: 300, L: 32, E: 8}
