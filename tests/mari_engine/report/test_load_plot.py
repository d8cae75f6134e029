"""A load test in the report: lines by arm, the bound, and what was found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mari_engine.report import render_findings, render_findings_markdown
from mari_engine.report.load_plot import plot_load
from mari_engine.types import Arm, LoadStage
from support.handmade_findings import HOSTILE, make_findings
from support.handmade_loads import make_load, make_run

RESULT = make_load(
    runs=(
        make_run(Arm.ORIGINAL, LoadStage.SATURATION, 320.0, 4.0),
        make_run(Arm.ORIGINAL, LoadStage.SEARCH, 60.0, 0.2),
        make_run(Arm.ORIGINAL, LoadStage.SEARCH, 50.0, 0.01),
        make_run(Arm.MARI, LoadStage.SEARCH, 100.0, 0.002),
    ),
    machine={"processor": HOSTILE}, generator="g 1", model=HOSTILE, source_sha256="",
)  # fmt: skip


def test_faster_lies_lower_and_higher_rates_to_the_right() -> None:
    plot = plot_load(RESULT)
    assert plot is not None
    before, after = plot.lines
    assert [mark.run.rate for mark in before.marks] == [50.0, 60.0]
    slow, fast = before.marks[1], after.marks[0]
    assert slow.y < plot.bound < before.marks[0].y < fast.y
    assert slow.x < fast.x == plot.width - 20
    decade = before.marks[0].y - slow.y
    assert fast.y - before.marks[0].y == pytest.approx(decade * 0.5372, rel=1e-3)  # log(5)/log(20)


def test_without_a_search_there_is_no_plot() -> None:
    assert plot_load(replace(RESULT, runs=RESULT.runs[:1])) is None


def test_both_reports_tell_the_capacities_and_escape_names() -> None:
    findings = make_findings()
    page = render_findings(findings, loads=[RESULT])
    assert "2.00× the capacity: 50 → 100 requests a second" in page
    assert page.count("<circle") >= 3
    assert "<script>" not in page
    assert "mari load" in page
    text = render_findings_markdown(findings, loads=[RESULT])
    assert "| mari | 100.0 | 110.0 | 160.0 | 11 |" in text
    assert "<script>" not in text
