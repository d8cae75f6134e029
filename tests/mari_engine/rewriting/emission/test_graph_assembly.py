"""The end of a rewrite: outputs bear the original's names."""

from __future__ import annotations

import numpy as np
import pytest

from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

WEIGHTS = {"W": np.linspace(-1, 1, 20, dtype=np.float32).reshape(5, 4)}


@pytest.mark.parametrize("passed", ["u", "i"])
def test_an_input_that_is_an_output_too_is_passed_on(passed: str) -> None:
    width = {"u": 3, "i": 2}[passed]
    data = build(
        "j = Concat <axis = 1> (u, i) y = MatMul (j, W)",
        inputs="float[N, 3] u, float[N, 2] i",
        outputs=f"float[N, 4] y, float[N, {width}] {passed}",
        weights=WEIGHTS,
    )
    given = requests((1, 2, 5), u="user N, 3", i="item N, 2")
    assert wrong_rewrites(data, roles(u="user", i="item"), given, alike(1e-6)) == []
