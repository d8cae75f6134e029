"""An output that is one number in all requests shows nothing, and the certificate says so."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import (
    Certificate,
    InputLabel,
    Labels,
    Role,
    certificate_in_words,
    load,
    verify,
)
from mari_engine.types import Feeds
from support.builders import build

LABELS = Labels({"u": InputLabel(role=Role.USER), "i": InputLabel(role=Role.ITEM)})
WEIGHTS = {
    "far": np.array(1e12, np.float32), "high": np.array(1e5, np.float32),
    "none": np.array(0, np.float32),
}  # fmt: skip
SUM = "s = Add (u, i) "
HIDDEN = {
    "saturated": SUM + "a = Abs (s) b = Add (a, high) y = Sigmoid (b)",
    "far away": SUM + "t = Tanh (s) y = Add (t, far)",
    "times zero": SUM + "y = Mul (s, none)",
}
SHOWN = {
    "scores": SUM + "y = Sigmoid (s)",
    "by structure": SUM + "z = Shape (s) y = ConstantOfShape (z)",
}


def check(
    body: str, outputs: str = "float[N, 2] y", requests: tuple[Feeds, ...] = ()
) -> Certificate:
    data = build(body, inputs="float[N, 2] u, float[N, 2] i", outputs=outputs, weights=WEIGHTS)
    model = load(data, name="m")
    return verify(model, model, LABELS, requests=requests)


def told(certificate: Certificate) -> list[str]:
    return [note for note in certificate.notes if "is one number (" in note]


@pytest.mark.parametrize("body", HIDDEN.values(), ids=HIDDEN)
def test_an_output_that_never_varies_is_told(body: str) -> None:
    found = check(body)
    assert found.passed, found.reason
    assert len(told(found)) == 1
    assert told(found)[0].startswith("output 'y' is one number (")
    assert any("is one number (" in sentence for sentence in certificate_in_words(found))


@pytest.mark.parametrize("body", SHOWN.values(), ids=SHOWN)
def test_what_varies_or_depends_on_no_number_is_not(body: str) -> None:
    assert not told(check(body))


def test_only_the_outputs_that_never_vary_are_named() -> None:
    body = HIDDEN["saturated"].replace("y =", "hidden =") + " y = Identity (s)"
    found = check(body, "float[N, 2] y, float[N, 2] hidden")
    assert told(found)[0].startswith("output 'hidden' is one number (1) in all")


def test_one_request_that_shows_it_is_enough() -> None:
    own = {"u": np.array([[-1e6, 0]] * 2, np.float32), "i": np.zeros((2, 2), np.float32)}
    body = SUM + "b = Add (s, high) y = Sigmoid (b)"
    assert told(check(body))
    assert not told(check(body, requests=(own,)))
