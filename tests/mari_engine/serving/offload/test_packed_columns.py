from __future__ import annotations

import re

import numpy as np
import pytest

from mari_engine.analysis import survey_model
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.runtime import open_session
from mari_engine.serving.offload.packed_columns import divide_packed
from mari_engine.types import Column, InputBinding, InputLabel, Labels, Role
from support.builders import build

LABELS = Labels(
    {
        "x": InputLabel(
            columns=(
                Column(start=0, stop=2, role=Role.USER),
                Column(start=2, stop=4, role=Role.ITEM),
                Column(start=4, stop=5, role=Role.CROSS),
                Column(start=5, stop=7, role=Role.ITEM),
                Column(start=7, stop=8, role=Role.ITEM, volatile=True),
            )
        )
    }
)
BINDING = InputBinding("x__candidate", "float32", ("N", 6), "candidate", "x", (2, 3, 4, 5, 6, 7))
NUMBERS = {name: np.array([number]) for name, number in zip("abcd", (0, 1, 2, 4), strict=True)} | {
    "some": np.array([4, 1]), "alone": np.array(3), "parts": np.array([4, 2])
}  # fmt: skip
BODIES = {
    "columns of items": ("y = Gather <axis = 1> (x__candidate, some)", "float[N, 2] y"),
    "columns of both": ("y = Slice (x__candidate, b, d, b)", "float[N, 3] y"),
    "one column": ("s = Gather <axis = 1> (x__candidate, alone)\n y = Exp (s)", "float[N] y"),
    "turned before": (
        "t = Transpose <perm = [1, 0]> (x__candidate)\n y = Slice (t, a, d, a)", "float[4, N] y"
    ),
    "in pieces": ("y, rest = Split <axis = 1> (x__candidate, parts)", "float[N, 4] y"),
    "as a whole, too": (
        """
        s = Slice (x__candidate, a, c, b)
        e = Exp (x__candidate)
        y = Concat <axis = 1> (s, e)
        """,
        "float[N, 8] y",
    ),
}  # fmt: skip


def model_of(body: str, output: str) -> Model:
    used = {name: array for name, array in NUMBERS.items() if re.search(rf"\b{name}\b", body)}
    used = {name: array for name, array in used.items() if f"{name} =" not in body}
    return load(build(body, inputs="float[N, 6] x__candidate", outputs=output, weights=used))


@pytest.mark.parametrize("kind", BODIES)
def test_a_packed_input_is_taken_as_two(kind: str) -> None:
    model = model_of(*BODIES[kind])
    work = Model(model.ir.clone(), "divided")
    item, rest = divide_packed(work.ir, survey_model(work, frozenset({"N"})), [BINDING], LABELS)
    assert (item.name, item.columns, item.shape) == ("x__item", (2, 3, 5, 6), ("N", 4))
    assert (rest.name, rest.columns, rest.shape) == ("x__rest", (4, 7), ("N", 2))
    assert [value.name for value in work.ir.graph.inputs] == ["x__item", "x__rest"]
    x = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
    before = open_session(model).run({"x__candidate": x[:, 2:]})
    halves = {half.name: x[:, list(half.columns or ())] for half in (item, rest)}
    after = open_session(work).run(halves)
    assert np.array_equal(before["y"], after["y"])


def test_an_input_stays_one_where_no_columns_of_items_are_taken() -> None:
    work = model_of("y = Exp (x__candidate)", "float[N, 6] y")
    survey = survey_model(work, frozenset({"N"}))
    assert divide_packed(work.ir, survey, [BINDING], LABELS) == (BINDING,)


def test_an_input_of_items_alone_stays_one() -> None:
    labels = Labels({"x": InputLabel(columns=(Column(start=0, stop=8, role=Role.ITEM),))})
    work = model_of(*BODIES["columns of items"])
    survey = survey_model(work, frozenset({"N"}))
    assert divide_packed(work.ir, survey, [BINDING], labels) == (BINDING,)
