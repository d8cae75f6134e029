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


def test_what_is_filled_by_a_shape_has_its_factors() -> None:
    body = """
        a, b = Split <axis = 2> (x) q = Concat <axis = 0> (a, b)
        s = Shape (q) f = ConstantOfShape <value = float[1] {2}> (s) e = Expand (one, s)
        t = Mul (f, q) y = Add (e, t)
    """
    data = build(body, inputs="float[N, 3, 4] x", outputs="float[M, 3, 2] y",
                 weights={"one": np.ones(1, np.float32)})  # fmt: skip
    survey = survey_model(load(data), frozenset({"N"}))
    assert survey.unknown == {}
    axes = {value.name: fact.axes for value, fact in survey.values.items() if fact}
    assert axes["q"] == axes["f"] == axes["e"] == axes["y"] == ((2, "N"), (3,), (2,))


def test_what_is_filled_and_tiled_has_its_factors() -> None:
    body = """
        s = Shape (x) f = ConstantOfShape <value = float[1] {2}> (s) e = Tile (f, twice)
        c = Concat <axis = 0> (x, x) y = Add (c, e)
    """
    data = build(body, inputs="float[N, 3] x", outputs="float[M, 3] y",
                 weights={"twice": np.array([2, 1])})  # fmt: skip
    survey = survey_model(load(data), frozenset({"N"}))
    assert survey.unknown == {}


def test_heads_on_the_batch_tell_that_two_names_are_one_extent() -> None:
    body = """
        q = Reshape (i, heads) k = Reshape (h, heads) t = Transpose <perm = [0, 2, 1]> (k)
        y = MatMul (q, t)
    """
    data = build(body, inputs="float[N, 8] i, float[M, 8] h", outputs="float[P, 1, 1] y",
                 weights={"heads": np.array([-1, 1, 2])})  # fmt: skip
    survey = survey_model(load(data), frozenset({"N"}))
    assert survey.unknown == {}
    assert survey.symbols == {"N", "M"}


def test_a_slice_that_no_tensor_exceeds_takes_all_rows() -> None:
    bounds = {"start": np.array([0]), "stop": np.array([10**9]), "axis": np.array([0])}
    data = build("y = Slice (x, start, stop, axis)", inputs="float[N, 3] x",
                 outputs="float[M, 3] y", weights=bounds)  # fmt: skip
    survey = survey_model(load(data), frozenset({"N"}))
    assert [fact.axes for value, fact in survey.values.items() if value.name == "y" and fact] == [
        (("N",), (3,))
    ]


def test_a_history_that_is_named_as_the_candidates_are_here_is_not_theirs() -> None:
    body = "c = Concat <axis = 1> (a, b) s = ReduceSum (h, rows) y = Add (c, s)"
    data = build(body, inputs="float[B, 2] a, float[B, 2] b, float[N, 4] h",
                 outputs="float[B, 4] y", weights={"rows": np.array([0])})  # fmt: skip
    assert survey_model(load(data), frozenset({"B"})).symbols == {"B"}
