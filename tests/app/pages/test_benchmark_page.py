"""The Benchmark step: what is shown before, during and after a run, and of other machines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from app.session import Work
from mari_engine import Peak
from support.app_visits import visit
from support.browser_session import click, confirm, open_sample, status, turn_to
from support.handmade_results import make_benchmark

SHA = "0123456789ab"


def bring(work: Work, text: str | bytes, name: str = "there.json") -> AppTest:
    app = visit("benchmark", work)
    data = text.encode() if isinstance(text, str) else text
    app.file_uploader(key="bench-file-0").upload(name, data, "application/json").run()
    assert not app.exception
    return app


def errors(app: AppTest) -> list[str]:
    return [element.value.replace("\\", "") for element in app.error]


def elsewhere(**changes: Any) -> str:
    found = make_benchmark(machine={"processor": "Chip <b>B</b>"}, device="cuda")
    return json.dumps(replace(found, **changes).to_json())


def test_the_arms_are_explained_before_a_run(confirmed: Work) -> None:
    words = " ".join(one.value for one in visit("benchmark", confirmed).caption)
    assert "one product for each fragment: the trap" in words
    assert "Takes about 34 s" in words


def test_operators_and_roofline_are_shown_where_they_were_measured(measured: Work) -> None:
    assert "did not look into operators" in visit("benchmark", measured).info[0].value
    result = make_benchmark(peak=Peak(1e11, 1e10), operators={"mari": {"Gemm": 0.1}})
    assert measured.benchmark is not None
    measured.benchmark.result = result
    app = visit("benchmark", measured)
    assert {"Roofline", "Operators, before and after"} <= {one.value for one in app.subheader}
    assert not app.info


def test_speedups_in_tables_are_told_as_everywhere(
    measured: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert measured.benchmark is not None
    result = make_benchmark()
    timings = tuple(replace(one, speedup=1.9, speedup_high=12.0) for one in result.timings)
    measured.benchmark.result = replace(result, timings=timings)
    table = visit("benchmark", measured).dataframe[-1]
    shown = table.proto.arrow_data.styler.display_values
    told = pa.ipc.open_stream(shown).read_all().to_pydict()
    assert set(told["speedup"]) == {"1.90×"}
    assert set(told["speedup high"]) == {"12.0×"}
    assert set(table.value["speedup"]) == {1.9}  # sorted as a number


def test_another_machine_is_marked_and_shown_side_by_side(measured: Work) -> None:
    app = bring(measured, elsewhere())
    assert [one.device for one in measured.elsewhere] == ["cuda"]
    assert measured.benchmarks == [measured.measured, *measured.elsewhere]
    app.run()
    assert "2 machines, side by side" in {one.value for one in app.subheader}
    words = " ".join(one.value for one in [*app.markdown, *app.caption]).replace("\\", "")
    assert "Chip <b>B</b>, cuda, 1 thread (measured elsewhere)" in words
    assert "does not say which model" in words
    app.button(key="bench-drop-0").click().run()
    assert measured.elsewhere == []


def test_another_machine_needs_no_run_here(confirmed: Work) -> None:
    app = bring(confirmed, elsewhere())
    assert {metric.label for metric in app.metric} >= {"Speedup, measured", "Latency p50"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "there.json: benchmark: is not JSON"),
        (elsewhere(threads=-1), "there.json: benchmark: 'threads' is missing or not a whole"),
        (elsewhere(source_sha256=SHA), "there.json: was measured on another model, ranker"),
        (json.dumps(make_benchmark().to_json()), "there.json: is shown already"),
    ],
)
def test_files_that_do_not_fit_are_one_line(measured: Work, text: str, reason: str) -> None:
    (error,) = errors(bring(measured, text))
    assert error.startswith(reason)
    assert measured.elsewhere == []


@pytest.mark.browser
def test_a_run_is_watched_cancelled_and_compared_with_another_machine(
    page: Page, tmp_path: Path
) -> None:
    open_sample(page, "two_tower")
    confirm(page)
    turn_to(page, "benchmark", "Measured, not estimated")
    click(page, "bench-run")
    status(page, 3, "running")
    turn_to(page, "layout", "Each side in one block")  # work goes on while other pages are read
    turn_to(page, "benchmark", "Measured, not estimated")
    click(page, "bench-cancel")
    status(page, 3, "cancelled")
    page.get_by_text("Measured on another machine").click()
    (tmp_path / "there.json").write_text(elsewhere(machine={"processor": "<img src=x>"}))
    page.locator("[class*=st-key-bench-file] input").set_input_files(tmp_path / "there.json")
    expect(page.get_by_role("heading", name="Throughput")).to_be_visible()
    page.get_by_role("tab", name="Where the time goes").click()
    expect(page.get_by_text("did not look into operators")).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
