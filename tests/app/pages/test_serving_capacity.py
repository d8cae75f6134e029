"""Capacity on the Serving page: measured here, or read from a file, of this model alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

import mari_engine as mari
from app.services import find_kept, is_begun, keep
from app.session import Work, read_session, write_session
from app.views.serving import capacity_cards, capacity_figure, capacity_table
from mari_engine import LoadResult
from sample_models import sample_path
from support.app_visits import ended, visit
from support.browser_session import confirm, open_sample, rest, turn_to
from support.handmade_findings import HOSTILE
from support.handmade_loads import make_load


def words(app: AppTest) -> str:
    kinds = (app.caption, app.markdown, app.code, app.error)
    return "\n".join(one.value.replace("\\", "") for kind in kinds for one in kind)


def of_this(work: Work, **changes: Any) -> LoadResult:
    assert work.opened is not None
    return make_load(source_sha256=work.opened.model.sha256, **changes)


def give(work: Work, document: Any) -> AppTest:
    """Upload a document on the Serving page."""
    app = visit("serving", work)
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    app.file_uploader(key="load-file-0").set_value(("load.json", data, "application/json")).run()
    assert not app.exception
    return app


def test_a_file_of_this_model_is_shown_as_the_report_shows_it(confirmed: Work) -> None:
    found = of_this(confirmed)
    app = give(confirmed, found.to_json())
    assert confirmed.loads.elsewhere == [found]
    told = words(app)
    for line in mari.capacity_in_words(found):
        assert line in told
    assert "Taken elsewhere, as its file says, of this model (SHA-256" in told
    assert "mari load tower.onnx optimized --labels labels.json --p99 0.02s" in told
    assert [one.value for one in app.metric] == ["50/s", "100/s", "2.00×", "11"]
    app.button(key="load-drop-0").click().run()
    assert confirmed.loads.elsewhere == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"source_sha256": "ab" * 32}, "was measured on another model, tower (SHA-256 abababab"),
        ({"source_sha256": ""}, "was measured on another model, tower (SHA-256 not told)"),
        ({"runs": None}, "load.json: load: 'runs'"),
    ],
)
def test_a_file_of_another_model_is_refused(
    confirmed: Work, change: dict[str, Any], told: str
) -> None:
    sealed = of_this(confirmed).to_json() | change
    del sealed["digest"]
    sealed["digest"] = mari.digest_document(json.loads(json.dumps(sealed)))
    app = give(confirmed, sealed)
    assert told in words(app)
    assert len(app.error) == 1
    assert "\n" not in app.error[0].value
    assert confirmed.loads.all == []


def test_an_edited_file_is_refused(confirmed: Work) -> None:
    edited = of_this(confirmed).to_json()
    edited["capacities"][1]["rate"] = 500.0
    assert "load.json: load: it was changed after it was written" in words(give(confirmed, edited))
    del edited["digest"]
    assert "load.json: load: it has no digest" in words(give(confirmed, edited))
    assert confirmed.loads.all == []


def test_names_from_a_file_are_text(confirmed: Work) -> None:
    app = give(confirmed, of_this(confirmed, machine={"processor": HOSTILE}).to_json())
    assert not any("<script>" in one.value for one in (*app.caption, *app.markdown))


def test_it_is_kept_and_stands_in_the_session_and_the_report(confirmed: Work) -> None:
    found = of_this(confirmed)
    assert confirmed.opened is not None
    confirmed.loads.elsewhere.append(found)
    assert is_begun(confirmed)
    saved = read_session(write_session(confirmed, page="serving", address={}))
    assert saved.loads == (found,)
    keep(confirmed, page="serving", address={})
    kept = find_kept(confirmed.token)
    assert kept is not None
    assert kept.loads == (found,)


def test_one_is_measured_here_and_dropped_with_its_labels(
    confirmed: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def measure(*_args: Any, **options: Any) -> LoadResult:
        asked.update(options)
        return of_this(confirmed)

    monkeypatch.setattr(mari, "measure_capacity", measure)
    app = visit("serving", confirmed)
    app.number_input(key="load-bound").set_value(35.0)
    app.button(key="load-run").click().run()
    job = confirmed.loads.job
    assert job is not None
    job.wait(30)
    app.run()
    assert (asked["p99"], asked["workers"], asked["candidates"]) == (0.035, 2, (500,))
    assert "Taken here, of this model" in words(app)
    assert confirmed.confirmed is not None
    confirmed.relabel(mari.Labels(dict(list(confirmed.confirmed.inputs.items())[1:])))
    assert confirmed.loads.all == []


def test_nothing_is_measured_before_the_check_has_passed(confirmed: Work) -> None:
    confirmed.recheck(ended(lambda progress: None))
    app = visit("serving", confirmed)
    assert app.button(key="load-run").disabled


def test_the_figure_holds_the_runs_of_the_reports_plot() -> None:
    found = make_load()
    figure = capacity_figure(found)
    assert figure is not None
    *arms, bound = figure.data
    assert [list(trace.x) for trace in arms] == [[40.0, 50.0, 60.0], [80.0, 100.0, 110.0]]
    assert list(figure.data[1].marker.symbol) == ["circle", "circle", "circle-open"]
    assert list(bound.y) == [20.0, 20.0]
    assert capacity_figure(replace(found, runs=found.runs[:1])) is None
    assert [row["requests/s within"] for row in capacity_table(found)] == ["50.0", "100.0"]
    assert capacity_cards(replace(found, capacities=())) == []


@pytest.mark.browser
def test_a_file_is_brought_in_a_browser(page: Page, tmp_path: Path) -> None:
    found = make_load(source_sha256=mari.load(sample_path("dlrm")).sha256, model="dlrm")
    (tmp_path / "load.json").write_text(json.dumps(found.to_json()), encoding="utf-8")
    open_sample(page, "dlrm")
    confirm(page)
    turn_to(page, "serving", "Computed when it is known")
    page.get_by_text("Measured on another machine").click()
    uploader = page.locator(".st-key-load-file-0 input")
    rest(page)
    uploader.set_input_files(tmp_path / "load.json")
    expect(page.get_by_text("2.00× the capacity: 50 → 100 requests a second")).to_be_visible()
    expect(page.get_by_text("Taken elsewhere, as its file says")).to_be_visible()
