"""The corpus' measuring on two samples; the exports themselves need torch and are not tested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from corpus.campaign import measure_all
from corpus.forms import forms_in_turn
from corpus.measuring import Settings
from corpus.rows import Row, Run
from corpus.tables import render
from sample_models import sample_path

QUICK = Settings(candidates=50, budget=0.05, rounds=3, checks=("drop-in",))


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    paths = [Path(sample_path(name)) for name in ("dlrm", "mmoe_interleaved")]
    return tuple(measure_all(paths, QUICK, seconds=300))


def test_a_model_is_planned_timed_metered_and_checked(rows: tuple[Row, ...]) -> None:
    assert [row.model for row in rows] == ["dlrm", "mmoe_interleaved"]
    for row in rows:
        assert row.error == ""
        assert row.checks == {"drop-in": "passed"}
        assert row.planning > 0
        assert row.speedup > 0
        assert 0 < row.share < 2
        assert row.limit <= row.attainable <= row.flops_before
        assert row.reached < row.flops_before


def test_what_is_done_is_not_measured_again() -> None:
    assert not list(measure_all([Path("a.onnx")], QUICK, seconds=1, done=lambda name: True))


def test_a_model_that_cannot_be_read_or_takes_too_long_is_a_row_that_says_so(
    tmp_path: Path,
) -> None:
    absent = tmp_path / "absent.onnx"
    assert "absent" in next(measure_all([absent], QUICK, seconds=60)).error
    assert next(measure_all([absent], QUICK, seconds=0.01)).error == "no end within 0.01 s"


def test_a_run_is_read_as_it_was_written_and_shown_beside_an_earlier_one(
    rows: tuple[Row, ...], tmp_path: Path
) -> None:
    machine = dict.fromkeys(("processor", "cores", "onnxruntime", "onnx", "numpy", "python"), "1")
    failed = Row(model="broken_one", error="no end within 1 s")
    run = Run(machine=machine, date="2026-01-01", candidates=50, engine="new", rows=(*rows, failed))
    run.save(tmp_path / "run.json")
    assert Run.load(tmp_path / "run.json") == run
    slower = replace(rows[0], speedup=0.5, repeated=(1.25,))
    page = render(run, replace(run, engine="old", rows=(slower,)))
    assert "| before (old) | now (new) |" in page
    assert "| the least | 1.25x (`dlrm`) |" in page
    assert "- `broken_one`: no end within 1 s" in page


def test_rows_of_an_earlier_engine_keep_its_name_when_a_run_goes_on() -> None:
    run = Run(machine={}, date="2026-01-01", candidates=50, engine="old", rows=(Row(model="a"),))
    assert run.continued("old")["a"].engine == ""
    again = replace(run, engine="new", rows=tuple(run.continued("new").values()))
    assert again.continued("newest")["a"].engine == "old"


def test_what_an_earlier_run_did_not_measure_is_left_blank(rows: tuple[Row, ...]) -> None:
    machine = dict.fromkeys(("processor", "cores", "onnxruntime", "onnx", "numpy", "python"), "1")
    run = Run(machine=machine, date="2026-01-01", candidates=50, engine="new", rows=rows)
    page = render(run, replace(run, engine="old", rows=(Row(model="dlrm", speedup=2.0),)))
    assert "| share of the peak, geometric mean |  |" in page
    assert "| planning: median, most |  |" in page
    assert "| mmoe | 1 |  |" in page


def test_each_style_and_exporter_comes_up() -> None:
    every = {str(form) for at in range(6) for form in forms_in_turn(at)}
    styles = ("packed", "vanilla", "oneshot")
    assert every == {f"{style}_{maker}" for style in styles for maker in ("dynamo", "legacy")}
