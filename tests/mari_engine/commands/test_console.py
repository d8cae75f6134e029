import json
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from mari_engine.commands.console import print_error, show, show_progress, show_table
from mari_engine.commands.documents import write_json
from mari_engine.commands.tables import runs_of
from mari_engine.types import Flops, Segment, Side, to_plain


def test_brackets_and_control_characters_in_names_reach_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show("[bold]x[/bold]")
    show_table("t", ("name",), [("[red]a[/red]\x1b[31m\nb",)])
    print_error("a\nb\x1b[2J")
    out, err = capsys.readouterr()
    assert "[bold]x[/bold]" in out
    assert "[red]a[/red]?[31m b" in out
    assert err == "mari: a b?[2J\n"


def test_progress_is_silent_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress() as progress:
        assert progress is None
    assert capsys.readouterr().err == ""


def test_progress_is_shown_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with show_progress() as progress:
        assert progress is not None
        progress(0.5, "checking\x1b[2J")
    out, err = capsys.readouterr()
    assert out == ""
    assert "checking?[2J" in err


@dataclass(frozen=True)
class Point:
    x: float
    side: Side


def test_json_holds_only_what_json_knows(tmp_path: Path) -> None:
    document = {"p": Point(math.nan, Side.ITEM), "s": frozenset({"b", "a"}), "t": (1, 2.5)}
    target = tmp_path / "out.json"
    write_json(document, str(target))
    assert json.loads(target.read_text(encoding="utf-8")) == {
        "p": {"x": None, "side": "item"},
        "s": ["a", "b"],
        "t": [1, 2.5],
    }
    flops = {"per_request": 2, "per_candidate": 3, "per_pair": 4}
    assert to_plain({1: Flops(2, 3, 4)}) == {"1": flops}


def test_json_goes_to_stdout_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"ä": 1}, "-")
    assert capsys.readouterr().out == '{\n  "ä": 1\n}\n'


def test_runs_join_neighbors_of_one_side_and_are_cut_when_long() -> None:
    few = [Segment(0, 3, Side.ITEM, "a"), Segment(3, 5, Side.ITEM, "b"),
           Segment(5, 9, Side.REQUEST, "c")]  # fmt: skip
    assert runs_of(few) == "I 5 | R 4"
    many = [Segment(n, n + 1, Side.ITEM if n % 2 else Side.REQUEST, "x") for n in range(40)]
    assert runs_of(many).endswith("R 1 | I 1 | … 40 runs")
