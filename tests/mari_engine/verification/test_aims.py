"""The numbers that are sent to inputs, followed back from where a branch begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mari_engine import InputLabel, Labels, Role, load
from mari_engine.analysis import survey_by_labels
from mari_engine.verification.aims import Aims
from mari_engine.verification.coverage import find_sites
from support.builders import build

HELD: dict[str, Any] = {
    "one": np.float32(1),
    "two": np.float32(2),
    "seven": np.float32(7),
    "third": np.int64(3),
}


def numbers(body: str, inputs: str = "float[N, 2] x") -> dict[str, set[float]]:
    text = body + " y = Cast <to = 1> (b)"
    model = load(build(text, inputs=inputs, outputs="float[N, 2] y", weights=HELD))
    labels = Labels({v.name or "": InputLabel(role=Role.ITEM) for v in model.ir.graph.inputs})
    survey = survey_by_labels(model, labels)
    ((site,), _), aims = find_sites(model, survey), Aims(model, survey)
    return {name: set(found) for name, found in aims.of(site).items()}


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("t = Mul (x, two) v = Add (t, one) b = Greater (v, seven)", 3.0),
        ("t = Mul (x, two) v = Sub (t, one) b = Less (seven, v)", 4.0),
        ("v = Sub (one, x) b = Greater (v, seven)", -6.0),
        ("v = Div (x, two) b = Greater (v, seven)", 14.0),
        ("v = Div (two, x) b = Greater (v, seven)", 2 / 7),
        ("v = Neg (x) b = Greater (v, seven)", -7.0),
        ("m = ReduceMax <axes = [1]> (x) v = Sub (m, one) b = Equal (v, seven)", 8.0),
    ],
)
def test_arithmetic_with_constants_is_undone(body: str, number: float) -> None:
    assert number in numbers(body)["x"]


def test_only_inputs_that_reach_a_site_are_aimed_at() -> None:
    found = numbers("b = Equal (k, third)", "float[N, 2] x, int64[N, 2] k")
    assert found == {"k": {3.0}}


def test_a_product_with_zero_is_no_way_back() -> None:
    body = "z = Sub (one, one) v = Mul (x, z) b = Greater (v, seven)"
    assert numbers(body)["x"] == {7.0}
