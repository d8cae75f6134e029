"""The Serving step: the cuts that there are, the one that is chosen, and its parts."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

import mari_engine as mari
from app.services import pack_parts, start_cuts, start_offload
from app.session import Opened, Options, Work
from app.views.serving import cut_rows, cuts_figure, list_cuts, why_online
from mari_engine import Frontier, Store
from sample_models import labels_path, sample_path
from support.app_visits import LONG, ended, visit
from support.browser_session import click, confirm, open_sample, turn_to
from support.handmade_results import make_certificate, make_plan


@pytest.fixture
def dlrm() -> Work:
    """A sample whose item side can be cut in more than one way, with confirmed labels."""
    work = Work()
    model, labels = mari.load(sample_path("dlrm")), mari.Labels.load(labels_path("dlrm"))
    work.open(Opened(model, "dlrm", "samples/dlrm.onnx", sample="dlrm"), labels)
    result = make_plan(certificate=make_certificate())
    work.confirm(Options(candidates=200), ended(lambda progress: result), labels, "Ada")
    return work


def cuts_of(work: Work) -> Frontier:
    assert work.cuts is not None
    work.cuts.wait(LONG)
    assert work.cuts.result is not None
    return work.cuts.result


def words(app: AppTest) -> str:
    kinds = (app.caption, app.markdown, app.code, app.success, app.info)
    return "\n".join(one.value.replace("\\", "") for kind in kinds for one in kind)


def test_nothing_is_cut_before_labels_are_confirmed(opened: Work) -> None:
    assert "Confirm the labels first." in words(visit("serving", opened))
    assert opened.cuts is None


def test_cuts_are_shown_and_the_chosen_one_is_made_and_packed(dlrm: Work, tmp_path: Path) -> None:
    visit("serving", dlrm)
    frontier = cuts_of(dlrm)
    cuts = list_cuts(frontier)
    assert len(cuts) > 1
    app = visit("serving", dlrm)
    app.selectbox(key="serving-cut").select(1).run()
    command = (
        f"mari offload samples/dlrm.onnx --labels labels.json -o parts --bytes {cuts[1].bytes}"
    )
    assert f"{command} --candidates 200 --no-autotune\nmari items parts" in words(app)
    app.button(key="serving-run").click().run()
    assert dlrm.parts is not None
    dlrm.parts.wait(LONG)
    app.run()
    result = dlrm.parts.result
    assert result is not None
    assert result.point == cuts[1]
    assert app.metric[0].value == f"{cuts[1].bytes:,} bytes"
    assert "Lossless: the same numbers" in words(app)
    packed = io.BytesIO(pack_parts(result, tmp_path, dlrm.review))
    names = zipfile.ZipFile(packed).namelist()
    assert {"request.onnx", "item.onnx", "online.onnx", "manifest.json"} <= set(names)


def test_another_storage_is_weighed_anew_and_told_as_not_lossless(dlrm: Work) -> None:
    visit("serving", dlrm)
    exact = cuts_of(dlrm)
    app = visit("serving", dlrm)
    app.radio(key="serving-store").set_value(Store.FLOAT16).run()
    rounded = cuts_of(dlrm)
    assert rounded.points[0].bytes < exact.points[0].bytes
    app = visit("serving", dlrm)  # what was chosen stands when the page is left
    assert "--store float16" in words(app)
    app.button(key="serving-run").click().run()
    assert dlrm.parts is not None
    dlrm.parts.wait(LONG)
    app.run()
    assert "NOT lossless" in words(app)


def test_changed_labels_drop_the_parts(dlrm: Work) -> None:
    assert dlrm.opened is not None
    assert dlrm.confirmed is not None
    found = dlrm.opened, dlrm.confirmed, dlrm.options
    dlrm.weigh_cuts(start_cuts(*found, Store.FLOAT32), Store.FLOAT32)
    most = cuts_of(dlrm).points[0].bytes
    dlrm.cut(start_offload(*found, most_bytes=most, store=Store.FLOAT32))
    dlrm.relabel(mari.Labels(dict(list(dlrm.confirmed.inputs.items())[1:])))
    assert dlrm.cuts is None
    assert dlrm.parts is None


def test_a_model_without_an_item_side_says_so(dlrm: Work) -> None:
    visit("serving", dlrm)
    frontier = cuts_of(dlrm)
    assert dlrm.cuts is not None
    dlrm.cuts.result = replace(
        frontier, points=(frontier.whole,), reasons={"/TopK": "it mixes the rows of candidates"}
    )
    app = visit("serving", dlrm)
    assert "Nothing of this model can be computed over the catalogue" in words(app)
    assert "1 place of the item side stays online: /TopK (it mixes" in words(app)
    assert not [one for one in app.button if one.key == "serving-run"]


def test_figure_and_rows_hold_every_cut_and_the_whole(dlrm: Work) -> None:
    visit("serving", dlrm)
    frontier = cuts_of(dlrm)
    cuts = list_cuts(frontier)
    figure = cuts_figure(frontier, cuts[0])
    assert [len(trace.x) for trace in figure.data] == [1, len(cuts), 1]
    assert [row["cut"] for row in cut_rows(frontier, cuts[0])][:2] == ["one model", "chosen"]
    assert why_online(replace(frontier, reasons={})) == ""


@pytest.mark.browser
def test_parts_are_cut_and_taken_away(page: Page, tmp_path: Path) -> None:
    open_sample(page, "dlrm")
    confirm(page)
    turn_to(page, "serving", "Computed when it is known")
    click(page, "serving-run")
    button = page.get_by_role("button", name="All parts as a zip")
    expect(button).to_be_visible(timeout=60_000)
    with page.expect_download() as waiting:
        button.click()
    waiting.value.save_as(tmp_path / "parts.zip")
    with zipfile.ZipFile(tmp_path / "parts.zip") as archive:
        assert "item.onnx" in archive.namelist()
