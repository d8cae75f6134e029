"""The Compare step: what is given, what is told, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

import mari_engine as mari
from app.services import Other, pack, start_comparison, take_other
from app.session import Opened, Options, Work
from app.views.compare import change_rows, count_changes, flops_cards, verdict, weights_line
from support.app_visits import CONFIRMED, LONG, ended, visit
from support.browser_session import rest, status, turn_to
from support.builders import ranking_tower
from support.handmade_results import make_certificate, make_plan
from support.requests_sent import Sent


@pytest.fixture
def now() -> Work:
    """This week's model, its labels confirmed."""
    work = Work()
    model = mari.load(ranking_tower(user=64, item=16, hidden=32), name="now")
    work.open(Opened(model, "now", "now.onnx"), CONFIRMED)
    result = make_plan(certificate=make_certificate())
    work.confirm(Options(candidates=300), ended(lambda progress: result), CONFIRMED, "Ada")
    return work


def compared(work: Work, other: Other) -> mari.Difference:
    assert work.opened is not None
    job = start_comparison(work.opened, work.confirmed, work.options, other)
    work.compare(job)
    job.wait(LONG)
    assert job.result is not None, job.error
    return job.result


def exported(folder: Path, **sizes: int) -> bytes:
    """Return an artifact as the zip of the Download page."""
    model = mari.load(ranking_tower(hidden=32, **sizes), name="before")
    result = mari.optimize(model, CONFIRMED, candidates=300, autotune=False)
    result.save(folder)
    return pack(folder, "a report", None)


def words(app: AppTest) -> str:
    kinds = (app.success, app.warning, app.caption, app.markdown, app.error, app.code)
    return "\n".join(one.value.replace("\\", "") for kind in kinds for one in kind)


def test_without_a_model_there_is_nothing_to_compare() -> None:
    assert "Choose a model first." in words(visit("compare"))


def test_last_weeks_model_of_other_weights_is_the_same(now: Work, tmp_path: Path) -> None:
    data = ranking_tower(user=64, item=16, hidden=32, seed=1)
    found = compared(now, take_other([Sent("before.onnx", data)], tmp_path))
    assert found.same
    app = visit("compare", now)
    assert "now.onnx against before.onnx: the same structure" in words(app)
    assert "4 of 4 weights of the original have other values." in words(app)
    assert {one.label for one in app.metric} == {
        "FLOPs: Original, at 300 candidates", "FLOPs: Optimized, at 300 candidates",
    }  # fmt: skip
    assert "mari diff earlier.onnx now.onnx --labels labels.json --candidates 300" in words(app)


def test_another_structure_is_told_by_kind(now: Work, tmp_path: Path) -> None:
    data = ranking_tower(user=64, item=20, hidden=32)
    found = compared(now, take_other([Sent("before.onnx", data)], tmp_path))
    assert verdict(found).startswith("now.onnx against before.onnx: another structure")
    changes = count_changes(found)["Structure"]
    assert {
        "what": "input", "name": "item", "before": "float32[N, 20]", "now": "float32[N, 16]",
    } in change_rows(changes)  # fmt: skip
    (first, *_) = flops_cards(found, 300)
    assert first[2].startswith("was ")


def test_an_export_brings_its_decisions(now: Work, tmp_path: Path) -> None:
    data = exported(tmp_path / "made", user=64, item=16)
    (tmp_path / "other").mkdir()
    other = take_other([Sent("monday.zip", data)], tmp_path / "other")
    found = compared(now, other)
    assert (found.first, found.same) == ("monday.zip", True)
    assert weights_line(found).endswith("of the optimized have other values.")
    now.options = Options(candidates=200)
    (change,) = count_changes(compared(now, other))["Options and decisions"]
    assert (change.name, change.was, change.now) == ("candidates", "300", "200")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([Sent("a.zip", b"no zip")], "a.zip: is not a zip that can be read"),
        ([Sent("a.zip", b""), Sent("b.onnx", b"")], "a zip beside other files"),
        ([Sent("a.onnx", b"no model")], "a.onnx: "),
        ([], "0 .onnx files"),
    ],
)
def test_what_cannot_be_compared_is_refused_without_the_servers_paths(
    files: list[Sent], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(mari.MariError) as error:
        take_other(files, tmp_path)
    assert reason in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_an_edited_label_drops_the_comparison(now: Work, tmp_path: Path) -> None:
    data = ranking_tower(user=64, item=16, hidden=32, seed=1)
    compared(now, take_other([Sent("before.onnx", data)], tmp_path))
    now.relabel(mari.Labels())
    assert now.difference is None


@pytest.mark.browser
def test_two_weeks_are_compared_in_a_browser(page: Page, tmp_path: Path) -> None:
    for name, item in (("now", 16), ("before", 20)):
        (tmp_path / f"{name}.onnx").write_bytes(ranking_tower(user=64, item=item, hidden=32))
    page.get_by_role("tab", name=re.compile("Upload")).click()
    uploader = page.get_by_role("tabpanel").locator("[data-testid=stFileUploader]").first
    with page.expect_response(lambda response: response.request.method == "PUT"):
        uploader.locator("input").set_input_files(tmp_path / "now.onnx")
    page.get_by_role("tabpanel").get_by_role("button", name=re.compile("Open")).last.click()
    status(page, 0, "now")
    turn_to(page, "compare", "What changed since then")
    form = page.locator("[data-testid=stForm]").filter(has_text="What was before")
    rest(page)
    with page.expect_response(lambda response: response.request.method == "PUT"):
        form.locator("input").set_input_files(tmp_path / "before.onnx")
    form.get_by_role("button", name=re.compile("Compare")).click()
    verdict_line = page.get_by_text(re.compile("now.onnx against before.onnx: another structure"))
    expect(verdict_line).to_be_visible()
    expect(page.get_by_text("was 2.75 MFLOP")).to_be_visible()
