"""Every way is planned, and each is called as the original is."""

import numpy as np

from mari_engine.coloring import color_surveyed
from mari_engine.loading import load
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.planning import plan_every_way, survey_labeled
from mari_engine.types import Signature, Way
from mari_engine.verification import ModelPair, compare_calling
from support.builders import build, ranking_tower
from support.rewrite_checks import roles

LABELS = roles(user="user", item="item")


def test_each_way_that_costs_otherwise_is_planned_and_none_is_chosen() -> None:
    source = survey_labeled(load(ranking_tower(user=64, hidden=32)), LABELS)
    coloring = color_surveyed(source.form.model.ir.graph, LABELS, source.form.survey)
    options = Options(signature=Signature.DROP_IN, candidates=500)
    plans = list(plan_every_way(source, options, coloring))
    ways = [planned.selection.way for planned, _ in plans]
    assert ways[0] == Way.FOLD
    assert len(set(ways)) == len(ways) > 1
    assert any(differs for _, differs in plans)


def test_outputs_state_the_shape_that_the_original_states() -> None:
    """A row that is tiled by computed numbers: the canonical form knows the width, the file not."""
    data = build(
        """
        rows = Shape <start = 0, end = 1> (item)
        repeats = Concat <axis = 0> (rows, one)
        tiled = Tile (user, repeats)
        y = Concat <axis = -1> (tiled, item)
        """,
        inputs="float[1, 3] user, float[N, 1] item",
        outputs="float[?, ?] y",
        weights={"one": np.array([1])},
    )
    model = load(data)
    for signature in Signature:
        source = survey_labeled(model, LABELS, signature=signature)
        coloring = color_surveyed(source.form.model.ir.graph, LABELS, source.form.survey)
        options = Options(signature=signature, candidates=500)
        for planned, _ in plan_every_way(source, options, coloring):
            pair = ModelPair(model, planned.optimized, planned.interface, signature)
            assert compare_calling(pair)[1] == ""
