import pytest

from mari_engine.report.chart_geometry import (
    BAR_WIDTH,
    MOST_PIECES,
    STRIP_WIDTH,
    group_bars,
    pair_strips,
)
from mari_engine.types import Arm
from support import handmade_findings as handmade


def test_layouts_that_are_equal_are_drawn_once() -> None:
    pairs = pair_strips([handmade.make_layout("a"), handmade.make_layout("b")])
    assert [pair.nodes for pair in pairs] == [("a", "b")]


def test_pieces_fill_the_strip_to_scale() -> None:
    (pair,) = pair_strips([handmade.make_layout("a", fields=4, width=10)])
    assert [piece.width for piece in pair.before.pieces] == [STRIP_WIDTH / 4] * 4
    assert [piece.letter for piece in pair.before.pieces] == ["I", "R", "R", "I"]
    assert [piece.letter for piece in pair.after.pieces] == ["R", "R", "I", "I"]
    assert pair.before.fragments == 3
    assert pair.after.fragments == 2
    assert "field 1: columns 10 to 19, request" in pair.before.pieces[1].tip


def test_narrow_pieces_carry_no_letter() -> None:
    (pair,) = pair_strips([handmade.make_layout("a", fields=200, width=1)])
    assert {piece.letter for piece in pair.before.pieces} == {""}


def test_too_many_segments_are_drawn_as_runs() -> None:
    fields = MOST_PIECES + 3
    (pair,) = pair_strips([handmade.make_layout("a", fields=fields, width=2)])
    assert pair.before.simplified
    assert len(pair.before.pieces) == pair.before.fragments < fields
    assert len(pair.after.pieces) == 2
    assert "and" in pair.after.pieces[0].tip
    assert sum(piece.width for piece in pair.after.pieces) == pytest.approx(
        STRIP_WIDTH, rel=1e-12, abs=0
    )


def test_the_longest_whisker_fills_the_width_of_each_group() -> None:
    groups = group_bars(handmade.make_benchmark())
    assert [group.batch for group in groups] == [100, 500]
    for group in groups:
        assert [bar.timing.arm for bar in group.bars] == [Arm.ORIGINAL, Arm.ONE_SHOT, Arm.MARI]
        assert max(bar.whisker for bar in group.bars) == pytest.approx(BAR_WIDTH, rel=1e-12, abs=0)
