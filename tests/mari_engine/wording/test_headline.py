"""The one sentence about a rewrite."""

from __future__ import annotations

import pytest

from mari_engine.types import Flops, FusionLayout, Segment, Selection, Side, Trial, Way
from mari_engine.wording import headline_in_words

SEGMENTS = (
    Segment(0, 4, Side.REQUEST, "user"),
    Segment(4, 10, Side.CANDIDATE, "item"),
    Segment(10, 180, Side.REQUEST, "history"),
)
LAYOUTS = tuple(FusionLayout(node, SEGMENTS, SEGMENTS) for node in ("expert_1", "expert_2"))
FLOPS = Flops(0, 278_000), Flops(1_000_000, 140_000)
TRIALS = (Trial(Way.ORIGINAL, 3e-3, 2e-3), Trial(Way.FOLD, 2e-3, 1e-3))


def told(way: Way, chosen_by: str = "measured", layouts: tuple[FusionLayout, ...] = LAYOUTS) -> str:
    selection = Selection(way, chosen_by, "", TRIALS)
    return headline_in_words(layouts, FLOPS, selection, 500)


def test_it_tells_columns_work_and_measured_time() -> None:
    assert told(Way.FOLD) == (
        "The user's 174 columns were multiplied 500 times a request; now once: "
        "139 MFLOP → 71 MFLOP, measured 2.00× faster."
    )


@pytest.mark.parametrize("chosen_by", ["expected", "given"])
def test_what_was_not_measured_is_said_to_be_expected(chosen_by: str) -> None:
    assert told(Way.FOLD, chosen_by).endswith("71 MFLOP, expected 1.50× faster.")


def test_where_the_original_was_not_looked_at_no_speed_is_told() -> None:
    selection = Selection(Way.FOLD, "expected", "it was asked for", ())
    told_without = headline_in_words(LAYOUTS, FLOPS, selection, 500)
    assert told_without.endswith("a request; now once: 139 MFLOP → 71 MFLOP.")


def test_without_a_fusion_layer_it_tells_of_the_users_part() -> None:
    assert told(Way.FOLD, layouts=()).startswith(
        "What depends on the user alone was computed for each of 500 candidates; now once: "
    )


def test_a_model_that_stays_as_it_was_gains_nothing() -> None:
    kept = "The model is left as it was: "
    assert told(Way.ORIGINAL) == f"{kept}no rewrite is clearly faster at 500 candidates."
    assert told(Way.ORIGINAL, "given") == f"{kept}as asked."
