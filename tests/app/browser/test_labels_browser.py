"""The Labels page in a real Chromium: Confirm in view, requests compared, a check cancelled."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from support.browser_session import click, click_confirm, open_sample, rest, status, turn_to, upload
from support.builders import build

pytestmark = pytest.mark.browser

SMALL = {"width": 1280, "height": 720}


def test_confirm_is_in_view_wherever_the_page_is_scrolled_to(page: Page) -> None:
    page.set_viewport_size(SMALL)
    open_sample(page, "wide_deep_packed")
    turn_to(page, "labels", "Who owns which input?")
    button, name = (page.locator(f".st-key-confirm{part}") for part in (" button", "-name input"))
    expect(page.locator(".st-key-answers")).to_contain_text("X[40:48]")
    for share in (0.0, 0.5, 1.0):
        page.locator(".stMain").evaluate(
            "(one, share) => one.scrollTo(0, share * one.scrollHeight)", share
        )
        for seen in (button, name, page.get_by_text("26 rows are left to answer")):
            expect(seen).to_be_in_viewport(ratio=1)
    decisive = page.locator(".st-key-answers strong", has_text="nothing tells")
    expect(decisive).to_contain_text("which is always right but saves nothing")


def test_requests_are_compared_before_anything_is_confirmed(page: Page, tmp_path: Path) -> None:
    model = build(
        "joined = Concat <axis = 1> (f_a, f_b) score = MatMul (joined, W)",
        inputs="float[N, 4] f_a, float[N, 3] f_b",
        outputs="float[N, 2] score",
        weights={"W": np.ones((7, 2), np.float32)},
    )
    (tmp_path / "tower.onnx").write_bytes(model)
    rng = np.random.default_rng(0)
    one = np.repeat(rng.random((1, 4), np.float32), 20, 0)
    np.savez(tmp_path / "log.npz", f_a=one, f_b=rng.random((20, 3), np.float32))
    upload(page, tmp_path / "tower.onnx")
    status(page, 0, "tower")
    turn_to(page, "labels", "Who owns which input?")
    page.get_by_text("Let logged requests answer").click()
    form = page.locator("[data-testid=stForm]").filter(has_text="Request files")
    rest(page)
    with page.expect_response(lambda response: response.request.method == "PUT"):
        form.locator("input").set_input_files(tmp_path / "log.npz")
    form.get_by_role("button", name=re.compile("Compare with the labels")).click()
    told = page.locator(".st-key-requests-compared")
    expect(told).to_contain_text("They contradict no label.")
    expect(told).to_contain_text("They would answer 1 row: f_b (I · item).")
    expect(page.get_by_text("2 rows are left to answer")).to_be_visible()
    rest(page)
    click(page, "requests-take")
    expect(page.get_by_text("1 row is left to answer: f_a")).to_be_visible()
    expect(page.get_by_text("vouched for by requests")).to_contain_text("log.npz")


def test_a_check_is_cancelled_where_it_was_started_and_begun_again(page: Page) -> None:
    open_sample(page, "history_transformer")
    turn_to(page, "labels", "Who owns which input?")
    click(page, "use-given")
    expect(page.locator(".st-key-use-given button").first).to_be_disabled()
    rest(page)
    page.locator(".st-key-confirm-name input").fill("Ada")
    click(page, "confirm")
    # at once: a click that waits for a button at rest comes after a short check's end
    page.locator(".st-key-check-cancel button").dispatch_event("click")
    status(page, 2, "cancelled")
    expect(page.get_by_text("The check did not end; confirm again")).to_be_in_viewport()
    rest(page)
    click_confirm(page)
