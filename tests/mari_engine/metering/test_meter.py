"""Graphs whose waste is known by hand, and what the meter finds in them by running them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mari_engine.errors import Cancelled
from mari_engine.loading import load
from mari_engine.metering import measure
from mari_engine.pipeline import plan
from mari_engine.types import Action, Flops, Measurement, ProductMeasure, to_plain
from support.builders import build, ranking_tower
from support.rewrite_checks import roles, stated

SIDES = roles(user="user", item="item")


def weight(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).standard_normal(shape).astype(np.float32)


def measured(data: bytes, keep: tuple[str, ...] = (), **named: str) -> Measurement:
    labels = roles(**named) if named else SIDES
    return measure(plan(load(data, name="g"), labels, keep=keep))


def product(found: Measurement, op: str) -> ProductMeasure:
    (only,) = [each for each in found.products if each.op == op]
    return only


def test_a_tower_is_divided_by_its_columns() -> None:
    found = measured(ranking_tower(user=64, item=16, hidden=32))
    first, second = found.products
    assert first.before == Flops(0, 2 * (64 + 16) * 32)
    assert first.attainable == Flops(2 * 64 * 32, 2 * 16 * 32)
    assert first.operands[0].fixed == ((0, 64),)
    assert first.operands[0].columns == 80
    assert first.operands[1].constant
    assert second.attainable == second.before == Flops(0, 2 * 32)
    assert found.before == Flops(0, 2 * 80 * 32 + 2 * 32)
    assert found.reached == found.attainable
    assert found.ratio == 1.0
    assert found.notes == ()


def test_interleaved_columns_are_found_one_by_one() -> None:
    data = build(
        """
        a = Slice (user, zero, two, one)
        b = Slice (user, two, five, one)
        j = Concat <axis = 1> (a, item, b)
        y = MatMul (j, W)
        """,
        inputs="float[N, 5] user, float[N, 3] item",
        outputs="float[N, 4] y",
        weights={
            "W": weight(8, 4),
            "zero": np.array([0]), "one": np.array([1]),
            "two": np.array([2]), "five": np.array([5]),
        },
    )  # fmt: skip
    found = product(measured(data), "MatMul")
    assert found.operands[0].fixed == ((0, 2), (5, 8))
    assert found.attainable == Flops(2 * 5 * 4, 2 * 3 * 4)


def test_what_is_kept_is_left_with_its_reason() -> None:
    data = ranking_tower(user=64, item=16, hidden=32)
    name = plan(load(data), SIDES).decisions[0].node
    first = measured(data, keep=(name,)).products[0]
    assert first.reached == first.before
    assert first.left(500) == 499 * 2 * 64 * 32
    assert first.action == Action.KEPT
    assert first.reason


def test_candidates_are_found_on_another_axis() -> None:
    data = build(
        """
        joined = Concat <axis = 1> (user, item)
        columns = Transpose <perm = [1, 0]> (joined)
        y = MatMul (W, columns)
        """,
        inputs="float[N, 6] user, float[N, 2] item",
        outputs="float[4, N] y",
        weights={"W": weight(4, 8)},
    )
    found = product(measured(data), "MatMul")
    assert found.operands[1].fixed == ((0, 6),)
    assert found.attainable == Flops(2 * 6 * 4, 2 * 2 * 4)


def test_a_target_tiled_along_a_sequence_is_needed_once_for_it() -> None:
    """[N·L, 2E]: the item's columns are the same along L, the history's along N."""
    length, width, hidden = 5, 3, 4
    data = build(
        """
        wide = Unsqueeze (item, one)
        many = Expand (wide, shape)
        pair = Concat <axis = 2> (many, user)
        flat = Reshape (pair, rows)
        y = MatMul (flat, W)
        """,
        inputs=f"float[N, {length}, {width}] user, float[N, {width}] item",
        outputs=f"float[M, {hidden}] y",
        weights={
            "one": np.array([1]), "shape": np.array([1, length, 1]),
            "rows": np.array([-1, 2 * width]), "W": weight(2 * width, hidden),
        },
    )  # fmt: skip
    found = product(measured(data), "MatMul")
    assert found.before == Flops(0, 2 * length * 2 * width * hidden)
    assert found.attainable == Flops(2 * length * width * hidden, 2 * width * hidden)
    assert found.operands[0].fixed == ((width, 2 * width),)
    assert found.operands[0].repeated == {0: width}


def test_pairs_of_user_fields_are_needed_once() -> None:
    """T·Tᵀ over 3 user and 2 item fields: 9 of its 25 pairs do not meet the item."""
    data = build(
        """
        fields = Concat <axis = 1> (user, item)
        turned = Transpose <perm = [0, 2, 1]> (fields)
        y = MatMul (fields, turned)
        """,
        inputs="float[N, 3, 4] user, float[N, 2, 4] item",
        outputs="float[N, 5, 5] y",
    )
    found = product(measured(data), "MatMul")
    assert found.before == Flops(0, 2 * 4 * 25)
    assert found.attainable == Flops(2 * 4 * 9, 2 * 4 * 16)


def test_a_history_that_is_sent_once_stays_once() -> None:
    data = build(
        """
        keys = MatMul (user, K)
        turned = Transpose <perm = [0, 2, 1]> (keys)
        query = Unsqueeze (item, one)
        y = MatMul (query, turned)
        """,
        inputs="float[1, 5, 3] user, float[N, 4] item",
        outputs="float[N, 1, 5] y",
        weights={"K": weight(3, 4), "one": np.array([1])},
    )
    keys, scores = measured(data).products
    assert keys.before == keys.attainable == Flops(2 * 5 * 3 * 4, 0)
    assert scores.before == scores.attainable == Flops(0, 2 * 4 * 5)


def test_a_recurrent_node_is_measured_as_a_whole() -> None:
    gates = {"W": weight(1, 12, 3), "R": weight(1, 12, 4)}
    body = "steps = Transpose <perm = [1, 0, 2]> ({0}) y = GRU <hidden_size = 4> (steps, W, R)"
    shapes = "float[N, 5, 3] user, float[N, 5, 3] item"
    every = 5 * 2 * 3 * 4 * (3 + 4)
    for side, best in (("user", Flops(every, 0)), ("item", Flops(0, every))):
        data = build(body.replace("{0}", side), inputs=shapes, outputs="float y", weights=gates)
        labels = stated(SIDES, user=0)
        found = product(measure(plan(load(data, name="g"), labels)), "GRU")
        assert found.before == Flops(0, every)
        assert found.attainable == best


def test_a_unit_that_never_fires_counts_as_the_candidates() -> None:
    """Columns that are zero in every run belong to nobody, as far as running tells."""
    data = build(
        """
        joined = Concat <axis = 1> (user, item)
        live = Mul (joined, mask)
        y = MatMul (live, W)
        """,
        inputs="float[N, 3] user, float[N, 3] item",
        outputs="float[N, 4] y",
        weights={"mask": np.array([1, 1, 0, 0, 1, 1], np.float32), "W": weight(6, 4)},
    )
    (operand, _), best = product(measured(data), "MatMul").operands, Flops(2 * 2 * 4, 2 * 4 * 4)
    assert operand.fixed == ((0, 2),)
    assert operand.undecided == 2
    assert product(measured(data), "MatMul").attainable == best


def test_time_in_what_repeats_is_told_node_by_node() -> None:
    data = build(
        """
        deep = MatMul (user, A)
        joined = Concat <axis = 1> (deep, item)
        y = MatMul (joined, W)
        """,
        inputs="float[N, 256] user, float[N, 4] item",
        outputs="float[N, 4] y",
        weights={"A": weight(256, 256), "W": weight(260, 4)},
    )
    time = measured(data).time
    assert time is not None
    deep, joined, last = time.nodes
    assert deep.grows
    assert not deep.varies
    assert joined.varies
    assert last.varies
    assert time.repeated == deep.seconds
    assert time.total == pytest.approx(sum(each.seconds for each in time.nodes))
    assert time.total - time.attainable >= deep.seconds * 0.99
    assert time.candidates == 500


def test_the_document_is_json_and_tells_the_ratio() -> None:
    found = measured(ranking_tower())
    document = json.loads(json.dumps(to_plain(found.to_json()), allow_nan=False))
    assert document["version"] == 1
    assert document["ratio"] == found.ratio
    attainable = {"per_request": 40, "per_candidate": 30, "per_pair": 0}
    assert document["products"][0]["attainable"] == attainable


def test_measuring_can_be_watched_and_stopped() -> None:
    planned = plan(load(ranking_tower(), name="g"), SIDES)
    told = list[float]()
    measure(planned, progress=lambda share, _: told.append(share))
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0

    def stop(share: float, _: str) -> None:
        if share > 0.3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        measure(planned, progress=stop)
