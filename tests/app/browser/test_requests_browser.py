"""Logged requests and the candidates' axis on the Labels page, in a real Chromium."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from support.browser_session import (
    click,
    click_confirm,
    insist,
    rest,
    status,
    turn_to,
)
from support.builders import build

pytestmark = pytest.mark.browser


def open_model(page: Page, path: Path, model: bytes) -> None:
    path.write_bytes(model)
    page.get_by_role("tab", name=re.compile("Upload")).click()
    uploader = page.get_by_role("tabpanel").locator("[data-testid=stFileUploader]").first
    with page.expect_response(lambda response: response.request.method == "PUT"):
        uploader.locator("input").set_input_files(path)
    page.get_by_role("tabpanel").get_by_role("button", name=re.compile("Open")).last.click()
    status(page, 0, path.stem)
    turn_to(page, "labels", "Who owns which input?")


def send_request(page: Page, path: Path, **arrays: Any) -> None:
    np.savez(path, **arrays)
    form = page.locator("[data-testid=stForm]").filter(has_text="Request files")
    heading = page.get_by_text(re.compile("Let logged requests answer|requests of your own"))
    insist(heading, form)
    rest(page)
    with page.expect_response(lambda response: response.request.method == "PUT"):
        form.locator("input").set_input_files(path)
    form.get_by_role("button", name=re.compile("Learn|Check")).click()
    expect(page.get_by_text("vouched for by requests")).to_contain_text(path.name)
    expect(form.get_by_text(path.name)).to_have_count(0)  # what was taken cannot be sent twice


def test_logged_requests_answer_rows_and_revoke_what_they_contradict(
    page: Page, tmp_path: Path
) -> None:
    model = build(
        "joined = Concat <axis = 1> (f_a, f_b) score = MatMul (joined, W)",
        inputs="float[N, 4] f_a, float[N, 3] f_b",
        outputs="float[N, 2] score",
        weights={"W": np.ones((7, 2), np.float32)},
    )
    open_model(page, tmp_path / "tower.onnx", model)
    rng = np.random.default_rng(0)
    differing = rng.random((20, 3), np.float32)
    same = np.repeat(rng.random((1, 4), np.float32), 20, 0)
    send_request(page, tmp_path / "log.npz", f_a=same, f_b=differing)
    click(page, "answer-user")
    expect(page.locator(".st-key-left-to-answer")).to_have_count(0)
    click_confirm(page)
    send_request(page, tmp_path / "other.npz", f_a=rng.random((20, 4), np.float32), f_b=differing)
    status(page, 2, "revoked")
    expect(page.get_by_text("The check is revoked")).to_contain_text("f_a is labelled R · user")
    click(page, "answer-item")
    click_confirm(page)
    expect(page.get_by_text("The check is revoked")).to_have_count(0)


def test_an_axis_that_nothing_tells_is_chosen_before_labels_are_confirmed(
    page: Page, tmp_path: Path
) -> None:
    model = build(
        "score = Add (item_a, item_b)",
        inputs="float[N, T] item_a, float[N, T] item_b",
        outputs="float[N, T] score",
    )
    open_model(page, tmp_path / "square.onnx", model)
    asked = page.locator(".st-key-axis-to-state")
    expect(page.locator(".st-key-confirm button")).to_be_disabled()
    asked.get_by_role("button").click()
    expect(page.locator(".st-key-answers")).to_contain_text("input item_a")
    rest(page)
    page.get_by_role("combobox", name=re.compile("Candidates lie along")).click()
    page.get_by_role("option", name="axis 0 (N)", exact=True).click()
    answered = page.locator(".st-key-answers").filter(has_text="A person states it.")
    expect(answered.first).to_be_visible()
    expect(asked).to_have_count(0)
    click_confirm(page)
