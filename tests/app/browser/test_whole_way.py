"""The whole way in a real Chromium: no console error, no request to an outside address."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser_session import (
    PATIENCE,
    answer_all,
    click,
    click_confirm,
    confirm,
    open_sample,
    select_row,
    status,
    turn_to,
)
from support.builders import build

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1">'


def test_from_sample_to_download(page: Page) -> None:
    open_sample(page, "mmoe_interleaved")
    confirm(page)
    turn_to(page, "graph", "What depends on the candidates")
    turn_to(page, "layout", "Each side in one block")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    turn_to(page, "benchmark", "Measured, not estimated")
    page.locator(".st-key-batches input").focus()
    for key in ("Backspace", "Backspace", "Escape"):
        page.keyboard.press(key)
    expect(page.locator(".stCode").last).to_contain_text("--batch 100 ")
    click(page, "bench-run")
    expect(page.locator(".mari-word").nth(3)).to_have_text("measured", timeout=4 * PATIENCE)
    expect(page.get_by_role("heading", name="Throughput")).to_be_visible()
    turn_to(page, "download", "Shown, not claimed")
    with page.expect_download() as waiting:
        page.locator("[class*=st-key-get-mari] button").first.click()
    packed = zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert {"model.onnx", "manifest.json", "labels.json", "certificate.json", "report.html"} <= set(
        packed.namelist()
    )
    assert json.loads(packed.read("certificate.json"))["passed"] is True
    assert json.loads(packed.read("manifest.json"))["signature"] == "drop-in"


def test_a_value_that_is_being_typed_is_not_lost(page: Page) -> None:
    open_sample(page, "mmoe_interleaved")
    confirm(page)
    select_row(page, 1)
    page.get_by_text("Values that checks generate").click()
    page.locator("[class*=st-key-row-high] input").fill("450")
    with page.expect_download():
        page.get_by_role("button", name="Export").click()
    status(page, 1, "not confirmed")
    click_confirm(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export").click()
    labels = json.loads(Path(waiting.value.path()).read_text())
    first = next(iter(labels["inputs"].values()))
    assert (first["range"], first["vouched"]) == ([0, 450], "Ada")


def test_sessions_do_not_mix(page: Page, chromium: Browser, address: str) -> None:
    open_sample(page, "two_tower")
    with chromium.new_context() as other:
        second = other.new_page()
        second.goto(address)
        status(second, 0, "none yet")
        open_sample(second, "dlrm")
    turn_to(page, "labels", "Who owns which input?")
    status(page, 0, "two_tower")


def test_a_page_asked_for_by_its_address_begins_the_app(page: Page, address: str) -> None:
    page.goto(f"{address}/layout")
    status(page, 0, "none yet")
    expect(page.get_by_role("link", name="8. Download")).to_be_visible()


def test_names_from_a_model_are_shown_as_text(page: Page, tmp_path: Path) -> None:
    from onnx import load_from_string

    proto = load_from_string(
        build(
            "joined = Concat <axis = 1> (user, item) score = MatMul (joined, W)",
            inputs="float[N, 4] user, float[N, 3] item",
            outputs="float[N, 2] score",
            weights={"W": np.ones((7, 2), np.float32)},
        )
    )
    graph = proto.graph
    for node in graph.node:
        node.name = f"{HOSTILE}{node.op_type}"
        node.input[:] = [name.replace("user", f"user{HOSTILE}") for name in node.input]
    graph.input[0].name = f"user{HOSTILE}"
    (tmp_path / "a<b>.onnx").write_bytes(proto.SerializeToString())
    status(page, 0, "none yet")
    page.get_by_role("tab", name=re.compile("Upload")).click()
    uploader = page.locator("[data-testid=stFileUploader]").first
    expect(uploader.get_by_role("button", name="Upload", exact=True)).to_be_visible()
    with page.expect_response(lambda response: response.request.method == "PUT"):
        uploader.locator("input").set_input_files(tmp_path / "a<b>.onnx")
    page.get_by_role("tabpanel").get_by_role("button", name=re.compile("Open")).last.click()
    status(page, 0, "a_b_")
    turn_to(page, "labels", "Who owns which input?")
    answer_all(page)
    click_confirm(page)
    for step, heading in [("layout", "Each side in one block"), ("download", "Shown, not claimed")]:
        turn_to(page, step, heading)
        page.wait_for_timeout(1000)
        assert page.locator("img[onerror]").count() == 0
        assert page.title() != "1"
