from __future__ import annotations

import pytest

from app.views.text import count, markup, one_line, plain, scaled, seconds, shape, shorten, times


def test_markdown_of_a_hostile_name_is_escaped() -> None:
    hostile = "[x](http://a) **b** `c` <img src=x> :red[d] $e$ #f"
    assert plain(hostile).replace("\\", "") == hostile
    assert all(plain(char) == f"\\{char}" for char in "[]()*`<>:$#_~|")


def test_html_of_a_hostile_name_is_escaped() -> None:
    assert markup("<script>'\"&") == "&lt;script&gt;&#x27;&quot;&amp;"


def test_control_characters_cannot_break_or_reorder_a_line() -> None:
    assert one_line("a\nb\x1b[31m\u202egnp\x00") == "a b [31m gnp"


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0, "B", "0 B"),
        (999, "", "999"),
        (1000, "B", "1 kB"),
        (1_234_567, "FLOP", "1.23 MFLOP"),
        (999_600, "", "1 M"),
    ],
)
def test_scaled(number: float, unit: str, text: str) -> None:
    assert scaled(number, unit) == text


@pytest.mark.parametrize(
    ("duration", "text"), [(1.5, "1.5 s"), (0.0123, "12.3 ms"), (4e-5, "40 µs"), (5e-8, "50 ns")]
)
def test_seconds(duration: float, text: str) -> None:
    assert seconds(duration) == text


def test_counts_and_ratios() -> None:
    assert [count(1, "node"), count(1200, "node"), count(2, "entry")] == [
        "1 node",
        "1,200 nodes",
        "2 entries",
    ]
    assert [times(3.44), times(1234.0)] == ["3.4×", "1,234×"]


def test_long_names_keep_both_ends() -> None:
    assert shorten("/tower/mlp/0/MatMul", 11) == "/towe…atMul"
    assert len(shorten("x" * 500)) == 48
    assert shorten("short") == "short"


def test_shapes() -> None:
    assert shape(("N", 16)) == "[N, 16]"
    assert shape(None) == "?"
