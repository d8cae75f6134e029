import numpy as np

from mari_engine.analysis import survey_model
from mari_engine.loading import load
from support.builders import build


def test_a_reshape_that_keeps_an_axis_that_is_not_there_has_no_declaration() -> None:
    data = build("y = Reshape (x, s)", inputs="float[N] x", outputs="float y",
                 weights={"s": np.array([0, 0])})  # fmt: skip
    survey = survey_model(load(data), frozenset({"N"}))
    assert list(survey.unknown.values()) == ["it keeps axis 1, which its operand does not have"]


def test_joined_lists_without_elements_are_no_error() -> None:
    data = build("y = Add (x, e)", inputs="float[N, 2] x", outputs="float y",
                 weights={"e": np.zeros(0, np.float32)})  # fmt: skip
    survey = survey_model(load(data), frozenset({"N"}))
    assert len(survey.unknown) == 1
