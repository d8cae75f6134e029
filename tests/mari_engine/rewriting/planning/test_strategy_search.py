"""Which way wins, how that is told, and from how many candidates on it pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.cost import Line, Prices, faster_from, whole_line
from mari_engine.rewriting.interpreter import Rewritten
from mari_engine.rewriting.planning import choose, survey_labeled
from mari_engine.rewriting.planning.autotuning import Raced, compare
from mari_engine.rewriting.planning.cost_attribution import apportion
from mari_engine.rewriting.planning.selection import Attempt, fastest, select
from mari_engine.rewriting.planning.strategy_search import Race
from mari_engine.types import (
    BreakEven,
    Cost,
    Flops,
    Labels,
    Selection,
    Signature,
    Speedup,
    Trial,
    Way,
)
from mari_engine.wording import break_even_in_words, pairs_in_words, selection_in_words
from support.builders import build, ranking_tower
from support.norm_models import LABELS as NORMED
from support.norm_models import MANY, normed_tower
from support.rewrite_checks import roles

BESIDE = "one = MatMul (x, V) act = Relu (one) two_ = Gemm (n, W, B) y = Add (act, two_)"
"""A product of the joined columns beside one behind their norm."""


def attention() -> tuple[Model, Labels]:
    """Return the first layer of DIN's attention: the history folds into its weights."""
    rng = np.random.default_rng(0)
    data = build(
        """
        q = Unsqueeze (i, one)
        qq = Expand (q, shape)
        d = Sub (qq, h)
        p = Mul (qq, h)
        x = Concat <axis = 2> (qq, h, d, p)
        a = MatMul (x, w)
        y = Relu (a)
        """,
        inputs="float[N, 32] i, float[N, 20, 32] h", outputs="float[N, 20, 24] y",
        weights={
            "one": np.array([1]), "shape": np.array([1, 20, 32]),
            "w": rng.standard_normal((128, 24)).astype(np.float32),
        },
    )  # fmt: skip
    return load(data, name="attention"), roles(i="item", h="user")


def experts() -> tuple[Model, Labels]:
    """Return a model whose second layers are joined with the first ones' side of the weights."""
    rng = np.random.default_rng(0)
    data = build(
        """
        x = Concat <axis = 1> (u, i)
        a = MatMul (x, v)
        b = MatMul (x, w)
        c = Add (a, b)
        y = MatMul (c, last)
        """,
        inputs="float[N, 40] u, float[N, 8] i", outputs="float[N, 3] y",
        weights={
            name: rng.standard_normal(shape).astype(np.float32)
            for name, shape in {"v": (48, 30), "w": (48, 30), "last": (30, 3)}.items()
        },
    )  # fmt: skip
    return load(data, name="experts"), roles(u="user", i="item")


@pytest.mark.parametrize("model", [attention, experts])
def test_decisions_add_up_to_what_the_new_nodes_do(model: object) -> None:
    assert callable(model)
    planned = plan(*model())
    after = planned.flops.after
    made = {name for decision in planned.decisions for name in decision.new_nodes}
    total = sum((after.nodes[name] for name in made), Flops())
    assert sum((decision.flops_after for decision in planned.decisions), Flops()) == total
    assert total.per_candidate <= after.flops.per_candidate
    assert total.per_candidate > 0


def test_a_count_is_shared_without_losing_a_unit() -> None:
    assert apportion(11 * 10**12 + 7, [3, 1, 7])[0] == 3 * 10**12 + 1
    assert sum(apportion(11 * 10**12 + 7, [3, 1, 7])) == 11 * 10**12 + 7
    assert sum(apportion(5, [1] * 8)) == 5


def test_break_even_is_where_the_lines_cross() -> None:
    after, before = Line(30e-6, 1e-6), Line(2e-6, 2e-6)
    count = faster_from(after, before)
    assert count == 29
    assert after.at(29) < before.at(29)
    assert after.at(28) >= before.at(28)
    assert faster_from(Line(1.0, 2.0), Line(1.0, 1.0)) is None
    assert faster_from(Line(0.5, 1.0), Line(1.0, 1.0)) == 1


def test_a_folded_layer_tells_from_how_many_candidates_on_it_pays() -> None:
    planned = plan(*attention(), candidates=2000)
    assert planned.selection.way == Way.FOLD
    assert planned.selection.chosen_by == "expected"
    assert planned.selection.prices == "built-in"
    even = planned.selection.break_even
    assert even is not None
    assert even.original is not None
    assert even.original < 2000
    (decision,) = planned.decisions
    assert decision.break_even is not None
    before, after = (
        whole_line(cost, Prices()) for cost in (planned.flops.before, planned.flops.after)
    )
    assert after.at(even.original) < before.at(even.original)


def test_the_trials_name_every_way_with_its_expected_time() -> None:
    selection = plan(*attention(), candidates=2000).selection
    assert [trial.way for trial in selection.trials][:2] == [Way.ORIGINAL, Way.FOLD]
    assert all(trial.expected > 0 and trial.measured is None for trial in selection.trials)
    own = next(trial for trial in selection.trials if trial.way == selection.way)
    assert own.expected == min(trial.expected for trial in selection.trials)


def in_rounds(seconds: float, original: float) -> Raced:
    """Return what is measured in rounds of which the last disturbs the original."""
    return compare([seconds] * 5, [*[original] * 4, 2 * original])


def raced(times: Sequence[float], *, expect: int | None = None) -> Selection:
    """Return what is chosen of the tower when its ways take these seconds."""
    model = load(ranking_tower(user=400, item=30, hidden=50), name="tower")
    labels = roles(user="user", item="item")

    def race(models: Sequence[Model]) -> list[Raced]:
        assert expect is None or len(models) == expect
        return [in_rounds(seconds, times[0]) for seconds in times[: len(models)]]

    timed: Race = race
    options = Options(signature=Signature.DROP_IN, candidates=1000)
    return choose(survey_labeled(model, labels), options, race=timed).selection


def test_of_ways_that_are_expected_to_tie_the_one_with_the_fewest_flops_is_taken() -> None:
    def attempt(way: Way, seconds: float, flops: int) -> Attempt:
        made: Rewritten = object()  # type: ignore[assignment]  # nothing looks at it
        return Attempt(way, made, Cost(Flops(flops), Flops(), {}), Line(seconds))

    fold, hoist = attempt(Way.FOLD, 1.02, 5), attempt(Way.HOIST, 1.0, 9)
    assert fastest([fold, hoist], {}, 500) is fold
    assert fastest([attempt(Way.FOLD, 1.05, 5), hoist], {}, 500) is hoist
    assert fastest([fold, hoist], {Way.FOLD: 1.2, Way.HOIST: 1.0}, 500) is hoist
    options = Options(signature=Signature.DROP_IN, candidates=500)
    times = {Way.ORIGINAL: 2.0, Way.FOLD: 1.02, Way.HOIST: 1.0}
    told = select(fold, [Trial(way, at, None) for way, at in times.items()], options)
    assert "1.02 s against 2 s at 500 candidates, as little as any" in told.reason


def test_what_was_measured_decides_and_is_told() -> None:
    faster = raced([4e-3, 1e-3, 1e-3, 1e-3])
    assert faster.chosen_by == "measured"
    assert faster.way != Way.ORIGINAL
    assert faster.trials[0].measured == 4e-3
    assert "was measured to take 1 ms against 4 ms at 1,000 candidates" in faster.reason


def test_the_speedup_that_is_told_is_that_of_the_rounds_with_its_noise() -> None:
    told = raced([4e-3, 1e-3, 1e-3, 1e-3]).speedup
    assert told is not None
    assert (told.ratio, told.low, told.high) == pytest.approx((4.0, 4.0, 6.4))


def test_of_expected_times_the_speedup_is_their_ratio_and_has_no_noise() -> None:
    selection = plan(*attention(), candidates=2000).selection
    before, after = selection.trials[0], selection.trials[1]
    told = replace(selection, way=after.way).speedup
    assert told == Speedup(before.expected / after.expected)


def test_a_gain_within_noise_leaves_the_model_as_it_was() -> None:
    same = raced([1e-3, 0.98e-3, 0.98e-3, 0.98e-3])
    assert same.way == Way.ORIGINAL
    assert same.break_even is None
    assert "the model is left as it was" in same.reason


def test_a_way_that_is_expected_to_be_far_slower_is_not_raced() -> None:
    raced([4e-3, 1e-3], expect=2)


def test_break_even_follows_what_was_measured() -> None:
    slow, fast = raced([4e-3, 1e-3]), raced([4e-3, 3e-3])
    assert slow.break_even is not None
    assert fast.break_even is not None
    counts = slow.break_even.original, fast.break_even.original
    assert counts[0] is not None
    assert counts[1] is not None
    assert counts[0] < counts[1]


def test_the_choice_is_told_in_words() -> None:
    words = selection_in_words(raced([4e-3, 1e-3]))
    assert words[0].startswith("Products are split")
    assert "(measured 4 ms)" in words[1]
    assert "faster than the original from" in words[2]
    assert break_even_in_words(BreakEven(8, 120)).endswith("than the plain split from 120 on")


def test_products_of_each_candidate_with_each_are_counted_and_told() -> None:
    data = build(
        "t = Transpose <perm = [1, 0]> (i) y = MatMul (i, t)", inputs="float[N, 3] i",
        outputs="float[N, N] y",
    )  # fmt: skip
    cost = plan(load(data, name="m"), roles(i="item")).flops.before
    assert (cost.flops, cost.uncounted) == (Flops(per_pair=2 * 3), ())
    assert pairs_in_words(cost.flops, 500).startswith("100% of it grows with the square of the")


def test_a_model_left_as_it_was_states_no_shape_that_its_file_did_not() -> None:
    data = build("a = Relu (i) y = Neg (a)", inputs="float[N, 3] i", outputs="float[N, 3] y")
    model = load(data, name="m")
    survey = {value.name: value.shape for node in model.ir.graph for value in node.outputs}
    assert survey["a"] is not None
    made = plan(model, roles(i="item")).optimized.ir.graph
    shapes = {value.name: value.shape for node in made for value in node.outputs}
    assert shapes == {"a": None, "y": survey["y"]}


def test_counting_what_no_rule_describes_states_no_shape() -> None:
    """Of the same stated shapes onnxruntime takes one memory, even where an op reads it anew."""
    data = build(
        """
        best, place = TopK <axis = 0> (i, one) apart = Sub (i, best)
        all = Concat <axis = 1> (u, i, apart) y = MatMul (all, W)
        """,
        inputs="float[N, 40] u, float[N, 3] i", outputs="float[N, 2] y",
        weights={"one": np.array([1]), "W": np.ones((46, 2), np.float32)},
    )  # fmt: skip
    options = Options(signature=Signature.DROP_IN, candidates=MANY)
    chosen = choose(survey_labeled(load(data, name="m"), roles(u="user", i="item")), options)
    assert chosen.selection.way == Way.FOLD
    assert "TopK" in chosen.after.uncounted
    values = [value for node in chosen.rewritten.model.graph for value in node.outputs]
    stated = [value.name for value in values if value.shape is not None]
    assert stated == ["best", "place", "apart", "y"]  # what stays in full, and the output


def test_norms_over_both_sides_are_tried_apart_and_whole() -> None:
    options = Options(signature=Signature.DROP_IN, candidates=MANY)
    source = survey_labeled(load(normed_tower(), name="m"), NORMED)
    ways = [trial.way for trial in choose(source, options).selection.trials]
    assert ways[:3] == [Way.ORIGINAL, Way.FOLD, Way.KEEP_NORMS]
    plain = survey_labeled(load(ranking_tower(), name="m"), roles(user="user", item="item"))
    ways = [trial.way for trial in choose(plain, options).selection.trials]
    assert Way.KEEP_NORMS not in ways


def test_a_norm_that_is_faster_whole_stays_so() -> None:
    def race(models: Sequence[Model]) -> list[Raced]:
        normed = [any(n.op_type == "LayerNormalization" for n in m.ir.graph) for m in models]
        times = [1.0, *(0.5 if whole else 0.8 for whole in normed[1:])]
        return [in_rounds(seconds, 1.0) for seconds in times]

    source = survey_labeled(load(normed_tower(body=BESIDE), name="m"), NORMED)
    options = Options(signature=Signature.DROP_IN, candidates=100)
    chosen = choose(source, options, race=race)
    assert chosen.selection.way == Way.KEEP_NORMS
    kinds = [node.op_type for node in chosen.rewritten.model.graph]
    assert kinds.count("LayerNormalization") == 1
