"""Products of joined fields with joined fields: what becomes of each two sides."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.plan_types import Plan
from mari_engine.types import Action, Flops
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(a="user", b="user", i="item", j="item")
INPUTS = "float[N, 3, 4] a, float[N, 2, 4] b, float[N, 2, 4] i, float[N, 1, 4] j"
GIVEN = requests(a="user N, 3, 4", b="user N, 2, 4", i="item N, 2, 4", j="item N, 1, 4")
FIELDS = "t = Concat <axis = 1> (a, i, b, j) "
TURNED = "u = Transpose <perm = [0, 2, 1]> (t) "
MANY = 1_000_000

LOWER = np.stack(np.tril_indices(8, -1), axis=1)
UPPER = np.stack(np.triu_indices(8), axis=1)
COLUMNS = np.arange(0, 64, 3)
SOME = np.array([[0, 0], [7, -1], [3, 4], [4, 3], [3, 4]])

PICKS = (
    "h = Transpose <perm = [1, 2, 0]> (z) g = GatherND (h, places) "
    "p = Transpose <perm = [1, 0]> (g)"
)


def flops(body: str, places: np.ndarray, width: int) -> Flops:
    """Check that nothing changes and that the pairs are split; return their product's FLOPs.

    The body ends in `p`, of this many columns, which a product reads.
    """
    whole = np.random.default_rng(width).integers(-2, 3, (width, 400)).astype(np.float32)
    weights = {"places": places, "flat": np.array([0, -1]), "columns": COLUMNS, "W": whole}
    data = build(f"{body} y = MatMul (p, W)", inputs=INPUTS, outputs="float[N, 400] y",
                 weights=weights)  # fmt: skip
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0), candidates=MANY) == []
    planned = plan(load(data, name="m"), LABELS, candidates=MANY)
    assert [each.action for each in planned.decisions] == [Action.SPLIT, Action.SPLIT]
    return planned.decisions[0].flops_after


@pytest.mark.parametrize("places", [LOWER, UPPER], ids=["lower", "upper"])
def test_pairs_of_one_side_are_picked_from_a_product_of_their_own(places: np.ndarray) -> None:
    found = flops(f"{FIELDS}{TURNED} z = MatMul (t, u) {PICKS}", places, len(places))
    # 5 user and 3 item fields of width 4: a block and its transpose are one product
    assert found == Flops(2 * 5 * 5 * 4, 2 * (5 * 3 + 3 * 3) * 4)


def test_pairs_that_nobody_picks_are_not_computed() -> None:
    found = flops(f"{FIELDS}{TURNED} z = MatMul (t, u) {PICKS}", SOME, len(SOME))
    assert found == Flops(2 * 5 * 5 * 4, 2 * 3 * 3 * 4)


def test_pairs_may_be_flattened_and_picked_as_columns() -> None:
    body = f"{FIELDS}{TURNED} z = MatMul (t, u) f = Reshape (z, flat)"
    found = flops(f"{body} p = Gather <axis = 1> (f, columns)", LOWER, len(COLUMNS))
    assert found == Flops(2 * 25 * 4, 2 * 24 * 4)


def test_all_pairs_may_be_joined_with_other_columns() -> None:
    body = f"{FIELDS}{TURNED} z = MatMul (t, u) f = Reshape (z, flat) g = Reshape (j, flat)"
    assert flops(f"{body} p = Concat <axis = 1> (f, g)", LOWER, 68) == Flops(200, 2 * 24 * 4)


def test_the_transpose_of_the_pairs_may_be_read() -> None:
    body = f"{FIELDS}{TURNED} z = MatMul (t, u) v = Transpose <perm = [0, 2, 1]> (z)"
    body = f"{body} f = Reshape (v, flat) g = Reshape (j, flat) p = Concat <axis = 1> (f, g)"
    assert flops(body, LOWER, 68) == Flops(200, 2 * 24 * 4)


def test_pairs_of_two_joins_have_both_blocks_off_the_diagonal() -> None:
    other = "o = Concat <axis = 1> (j, b, i) u = Transpose <perm = [0, 2, 1]> (o) "
    body = f"{FIELDS}{other} z = MatMul (t, u) f = Reshape (z, flat) g = Reshape (j, flat)"
    found = flops(f"{body} p = Concat <axis = 1> (f, g)", LOWER, 44)
    # fields of t: 5 user and 3 item; of o: 2 user and 3 item
    assert found == Flops(2 * 5 * 2 * 4, 2 * (5 * 3 + 3 * 2 + 3 * 3) * 4)


def test_pairs_that_stay_a_matrix_are_one_product() -> None:
    planned = planned_alone(f"{FIELDS}{TURNED} y = MatMul (t, u)", "float[N, 8, 8] y", {})
    assert [each.action for each in planned.decisions] == [Action.KEPT]


def test_a_place_outside_its_axes_is_left_to_the_runtime() -> None:
    weights = {"places": np.array([[0, 8]])}
    planned = planned_alone(f"{FIELDS}{TURNED} z = MatMul (t, u) {PICKS} y = Relu (p)",
                            "float[N, K] y", weights)  # fmt: skip
    assert [each.action for each in planned.decisions] == [Action.KEPT]


def planned_alone(body: str, outputs: str, weights: dict[str, np.ndarray]) -> Plan:
    data = build(body, inputs=INPUTS, outputs=outputs, weights=weights)
    return plan(load(data, name="m"), LABELS, candidates=MANY)
