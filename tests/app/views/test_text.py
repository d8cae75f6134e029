from __future__ import annotations

from app.views.text import count, markup, name_some, one_line, plain, shape, shorten


def test_markdown_of_a_hostile_name_is_escaped() -> None:
    hostile = "[x](http://a) **b** `c` <img src=x> :red[d] $e$ #f"
    assert plain(hostile).replace("\\", "") == hostile
    assert all(plain(char) == f"\\{char}" for char in "[]()*`<>:$#_~|")


def test_html_of_a_hostile_name_is_escaped() -> None:
    assert markup("<script>'\"&") == "&lt;script&gt;&#x27;&#34;&amp;"


def test_control_characters_cannot_break_or_reorder_a_line() -> None:
    assert one_line("a\nb\x1b[31m\u202egnp\x00") == "a b [31m gnp"


def test_counts() -> None:
    assert [count(1, "node"), count(1200, "node"), count(2, "entry")] == [
        "1 node",
        "1,200 nodes",
        "2 entries",
    ]


def test_some_names_stand_for_all() -> None:
    assert name_some(["a", "b"], 2) == "a, b"
    assert name_some(["a"] * 1202, 2) == "a, a and 1,200 more"


def test_long_names_keep_both_ends() -> None:
    assert shorten("/tower/mlp/0/MatMul", 11) == "/towe…atMul"
    assert len(shorten("x" * 500)) == 48
    assert shorten("short") == "short"


def test_shapes() -> None:
    assert shape(("N", 16)) == "[N, 16]"
    assert shape(None) == "?"
