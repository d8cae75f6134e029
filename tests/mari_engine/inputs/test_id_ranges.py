from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from mari_engine.inputs import infer_ranges
from mari_engine.labeling import check_labels
from mari_engine.loading import load
from mari_engine.types import InputLabel, Labels, Role
from support.builders import build

PACKED = "float[N, 4] x"


def ranges(
    body: str,
    weights: Mapping[str, Any] | None = None,
    *,
    inputs: str = PACKED,
    output: str = "float[A, B] y",
) -> dict[tuple[str, int | None], tuple[int, int]]:
    arrays = {name: np.asarray(array) for name, array in (weights or {}).items()}
    arrays |= {"small": np.zeros((5, 2), np.float32), "large": np.zeros((9, 2), np.float32)}
    model = load(build(body, inputs=inputs, outputs=output, weights=arrays))
    return dict(infer_ranges(model.ir))


def at(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


CUTS: dict[str, tuple[str, dict[str, Any], dict[tuple[str, int | None], tuple[int, int]]]] = {
    "sliced": (
        "s = Slice (x, a, b, last)\n i = Cast <to = 7> (s)\n y = Gather (small, i)",
        {"a": at(2), "b": at(3), "last": at(-1)},
        {("x", 2): (0, 5)},
    ),
    "picked": (
        "s = Gather <axis = 1> (x, k)\n i = Cast <to = 7> (s)\n y = Gather (small, i)",
        {"k": np.int64(1)},
        {("x", 1): (0, 5)},
    ),
    "split": (
        """
        p, q = Split <axis = 1> (x, sizes)
        i = Cast <to = 7> (p)
        j = Cast <to = 7> (q)
        k = Squeeze (j, last)
        y = Gather (small, i)
        z = Gather (large, k)
        """,
        {"sizes": at(3, 1), "last": at(1)},
        {("x", 0): (0, 5), ("x", 1): (0, 5), ("x", 2): (0, 5), ("x", 3): (0, 9)},
    ),
    "permuted": (
        """
        t = Transpose (x)
        g = GatherND (t, order)
        u = Transpose (g)
        s = Slice (u, a, b, last)
        i = Cast <to = 7> (s)
        y = Gather (small, i)
        """,
        {"order": at(3, 2, 1, 0).reshape(4, 1), "a": at(0), "b": at(1), "last": at(1)},
        {("x", 3): (0, 5)},
    ),
    "the whole": (
        "i = Cast <to = 7> (x)\n y = Gather (small, i)",
        {},
        {("x", None): (0, 5)},
    ),
    "clipped and reshaped": (
        """
        s = Slice (x, a, b, last)
        i = Cast <to = 7> (s)
        c = Clip (i, zero, four)
        r = Reshape (c, flat)
        e = Unsqueeze (r, last)
        y = Gather (small, e)
        """,
        {
            "a": at(0),
            "b": at(2),
            "last": at(1),
            "zero": np.int64(0),
            "four": np.int64(4),
            "flat": at(-1, 2),
        },
        {("x", 0): (0, 5), ("x", 1): (0, 5)},
    ),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_columns_range_is_the_table_that_it_indexes(cut: str) -> None:
    body, weights, wanted = CUTS[cut]
    outputs = "float[A, B] y, float[C, D] z" if "\n        z =" in body else "float[A, B] y"
    assert ranges(body, weights, output=outputs) == wanted


def test_fields_that_share_a_table_end_where_the_next_begins() -> None:
    found = ranges(
        "j = Concat <axis = 1> (a, b, c)\n o = Add (j, offsets)\n y = Gather (large, o)",
        inputs="int64[N, 1] a, int64[N, 1] b, int64[N, 1] c",
        weights={"offsets": at(0, 2, 7)},
    )
    assert found == {("a", None): (0, 2), ("b", None): (0, 5), ("c", None): (0, 2)}


def test_the_narrowest_of_two_tables_counts() -> None:
    found = ranges(
        "e = Gather (small, id)\n f = Gather (large, id)\n y = Add (e, f)", inputs="int64[N] id"
    )
    assert found == {("id", None): (0, 5)}


def test_an_id_counted_from_one_begins_at_one() -> None:
    found = ranges(
        "i = Sub (id, one)\n y = Gather (small, i)", inputs="int64[N] id", weights={"one": at(1)}
    )
    assert found == {("id", None): (1, 6)}


def test_a_remainder_is_below_its_divisor() -> None:
    found = ranges(
        "i = Mod (id, m)\n y = Gather (large, i)", inputs="int64[N] id", weights={"m": np.int64(7)}
    )
    assert found == {("id", None): (0, 7)}


def test_a_remainder_bounds_no_id_that_a_table_bounds() -> None:
    body = "i = Mod (id, m)\n e = Gather (large, i)\n f = Gather (small, id)\n y = Add (e, f)"
    found = ranges(body, inputs="int64[N] id", weights={"m": at(3)[0]})
    assert found == {("id", None): (0, 5)}


def test_a_remainder_is_no_reason_to_refuse_a_range() -> None:
    body, weights = "i = Mod (id, m)\n y = Gather (t, i)", {"m": np.array(3), "t": np.eye(3)}
    data = build(body, inputs="int64[N] id", outputs="double[N, 3] y", weights=weights)
    check_labels(load(data), Labels({"id": InputLabel(role=Role.ITEM, range=(0, 900))}))


def test_lengths_are_at_least_one_and_fit_the_sequence() -> None:
    weights = {
        "zero": at(0),
        "w": np.zeros((1, 6, 3), np.float32),
        "r": np.zeros((1, 6, 2), np.float32),
    }
    found = ranges(
        "out, last = GRU <hidden_size = 2> (x, w, r, , length)\n y = Squeeze (last, zero)",
        inputs="float[8, N, 3] x, int32[N] length",
        weights=weights,
    )
    assert found == {("length", None): (1, 9)}


def test_a_length_compared_with_positions_fits_them() -> None:
    found = ranges(
        "u = Unsqueeze (length, one)\n m = Less (positions, u)\n y = Cast <to = 1> (m)",
        inputs="int64[N] length",
        weights={"one": at(1), "positions": np.arange(6).reshape(1, 6)},
    )
    assert found == {("length", None): (1, 7)}


def test_numbers_that_index_nothing_have_no_range() -> None:
    assert ranges("y = Mul (x, x)") == {}


def test_ids_expanded_and_joined_keep_their_places() -> None:
    found = ranges(
        """
        n = Shape <start = 0, end = 1> (item)
        k = Concat <axis = 0> (n, one)
        u = Expand (user, k)
        j = Concat <axis = 1> (u, item)
        p, q = Split <axis = 1> (j, sizes)
        e = Gather (small, p)
        f = Gather (large, q)
        y = Concat <axis = 1> (e, f)
        """,
        inputs="int64[1, 1] user, int64[N, 1] item",
        output="float[A, B, C] y",
        weights={"one": at(1), "sizes": at(1, 1)},
    )
    assert found == {("user", None): (0, 5), ("item", None): (0, 9)}


@pytest.mark.parametrize(
    "picked", ["p, q = Split <axis = 1> (j, halves)", "p = Slice (j, a, two, a)"]
)
def test_columns_whose_places_are_lost_are_not_bound_by_a_table_that_some_index(
    picked: str,
) -> None:
    found = ranges(
        f"""
        n = Shape (x)
        t = Tile (x, times)
        j = Reshape (t, n)
        {picked}
        i = Cast <to = 7> (p)
        y = Gather (small, i)
        """,
        inputs="float[1, 4] x, int64[2] times",
        output="float[A, B, C] y",
        weights={"halves": at(2, 2), "a": at(1), "two": at(2)},
    )
    assert found == {}


def test_whole_inputs_whose_places_are_lost_are_not_bound_by_a_table_that_some_index() -> None:
    found = ranges(
        """
        n = Shape (item)
        k = Concat <axis = 0> (any, n)
        u = Reshape (user, k)
        v = Reshape (item, k)
        j = Concat <axis = 1> (u, v)
        p = Slice (j, zero, one, one)
        y = Gather (small, p)
        """,
        inputs="int64[N] user, int64[N] item",
        output="float[A, B, C] y",
        weights={"any": at(-1), "zero": at(0), "one": at(1)},
    )
    assert found == {}
