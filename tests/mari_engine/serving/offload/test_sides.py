from __future__ import annotations

from mari_engine.analysis import survey_model
from mari_engine.loading import load
from mari_engine.serving.offload.sides import Sides, find_sides
from mari_engine.types import InputBinding, Labels, Role, Side
from support.builders import build
from support.offload_models import label, weights


def sides_of(
    body: str, labels: Labels, *, inputs: str, outputs: str = "float[N, 1] y"
) -> tuple[Sides, dict[str, Side]]:
    """Return the sides of a compact graph: inputs of the user have one row."""
    model = load(build(body, inputs=inputs, outputs=outputs, weights=weights(W=(3, 1), V=(1, 3))))
    survey = survey_model(model, frozenset({"N"}))
    bindings = [
        InputBinding(
            value.name or "",
            "float32",
            (),
            "request" if labels.inputs[value.name or ""].role == Role.USER else "candidate",
            value.name or "",
        )
        for value in model.ir.graph.inputs
    ]
    found = find_sides(model.ir.graph, survey, bindings, labels)
    return found, {value.name or "": side for value, side in found.values.items()}


def test_what_both_reach_is_of_the_candidates() -> None:
    _, sides = sides_of(
        "r = MatMul (u, W)\n i = MatMul (x, W)\n y = Add (r, i)",
        label(u="user", x="item"),
        inputs="float[1, 3] u, float[N, 3] x",
    )
    assert [sides[name] for name in "riy"] == [Side.REQUEST, Side.ITEM, Side.CANDIDATE]


def test_volatile_and_cross_features_stay_online() -> None:
    found, sides = sides_of(
        "a = MatMul (price, W)\n b = MatMul (c, W)\n y = Add (a, b)",
        label(price="item volatile", c="cross"),
        inputs="float[N, 3] price, float[N, 3] c",
    )
    assert sides["a"] == sides["b"] == Side.CANDIDATE
    assert dict(found.reasons) == {
        "price": "its labels say that it is volatile",
        "c": "it holds cross features",
    }


def test_an_op_that_mixes_candidates_stays_online() -> None:
    found, sides = sides_of(
        "a = MatMul (x, W)\n y = Softmax <axis = 0> (a)", label(x="item"), inputs="float[N, 3] x"
    )
    assert (sides["a"], sides["y"]) == (Side.ITEM, Side.CANDIDATE)
    assert set(found.reasons.values()) == {"it mixes candidates"}


def test_random_numbers_are_drawn_online() -> None:
    found, sides = sides_of(
        "a = RandomNormalLike (x)\n y = MatMul (a, W)", label(x="item"), inputs="float[N, 3] x"
    )
    assert sides["y"] == Side.CANDIDATE
    assert "it draws random numbers" in found.reasons.values()


def test_features_that_no_catalogue_holds_stay_online() -> None:
    found, _ = sides_of(
        "a = ReduceMax <axes = [1]> (bag)\n b = Transpose <perm = [1, 0]> (turned)\n"
        "c = MatMul (b, W)\n y = Add (a, c)",
        label(bag="item", turned="item"),
        inputs="float[N, L] bag, float[3, N] turned",
    )
    assert dict(found.reasons) == {
        "bag": "its extents per item are not fixed",
        "turned": "the candidates do not lie along its axis 0",
    }


def test_the_number_of_candidates_is_of_no_side() -> None:
    found, sides = sides_of(
        "n = Shape <start = 0, end = 1> (x)\n"
        "three = Constant <value = int64[1] {3}> ()\n"
        "s = Concat <axis = 0> (n, three)\n e = Expand (u, s)\n y = ReduceMax <axes = [1]> (e)",
        label(u="user", x="item"),
        inputs="float[1, 3] u, float[N, 3] x",
    )
    assert "s" not in sides
    assert {value.name for value in found.counts} == {"n", "s"}
    assert sides["e"] == Side.CANDIDATE
