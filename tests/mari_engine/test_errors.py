"""What errors quote of strangers' models is cut where it is very long."""

from __future__ import annotations

import pytest

from mari_engine.errors import MariError, ModelError


@pytest.mark.parametrize("name", ["a" * 5000, "two words" * 500], ids=["one word", "several"])
def test_both_ends_of_a_very_long_name_are_shown(name: str) -> None:
    text = str(ModelError(f"m.onnx: tensor {name!r} is missing; put it beside the model"))
    assert len(text) < 400
    assert text.startswith(f"m.onnx: tensor '{name[:150]}…")
    assert text.endswith(f"{name[-150:]}' is missing; put it beside the model")


def test_other_texts_stay_as_they_are() -> None:
    text = "m.onnx: tensor 'w' isn't there; " + "copy it again, and look for it, " * 20
    assert str(MariError(text)) == text
