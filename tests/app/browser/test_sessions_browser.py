"""Session files in a real Chromium."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browser_session import confirm, insist, open_sample, rest, status, turn_to, upload
from support.builders import ranking_tower

pytestmark = pytest.mark.browser


def share(page: Page) -> None:
    button = page.get_by_role("button", name="Share and save")
    insist(button, page.get_by_text("Open a session file"))


def save(page: Page, path: Path) -> None:
    share(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save session").click()
    waiting.value.save_as(path)


def take_up(page: Page, path: Path) -> None:
    share(page)
    page.locator("[class*=st-key-session-file] input").set_input_files(path)
    page.get_by_role("button", name="Take it up").click()


def test_a_session_file_brings_the_whole_work_back(
    page: Page, address: str, tmp_path: Path
) -> None:
    open_sample(page, "two_tower")
    confirm(page)
    turn_to(page, "layout", "Each side in one block")
    button = page.locator(".st-key-note-layout-0 button").first
    insist(page.locator(".st-key-review-layout summary"), button)
    insist(button, page.locator(".st-key-note-layout-0-text textarea"))
    page.locator(".st-key-note-layout-0-text textarea").fill("Keep this.")
    page.locator(".st-key-note-layout-0-name input").fill("Ann")
    page.locator(".st-key-note-layout-0-send button").click()
    expect(page.locator(".mari-note")).to_contain_text("Keep this.")
    save(page, tmp_path / "a.json")
    page.goto(address)
    status(page, 0, "none yet")
    take_up(page, tmp_path / "a.json")
    expect(page.get_by_role("heading", name="Each side in one block")).to_be_visible()
    status(page, 0, "two_tower")
    status(page, 2, "verified")
    expect(page.locator(".mari-note")).to_contain_text("Keep this.")
    expect(page.get_by_text("A session of")).to_contain_text("had passed in")
    expect(page).to_have_url(re.compile("/layout\\?"))


def test_a_session_asks_for_a_model_that_is_not_at_hand(
    page: Page, address: str, tmp_path: Path
) -> None:
    (tmp_path / "tower.onnx").write_bytes(ranking_tower())
    (tmp_path / "other.onnx").write_bytes(ranking_tower(seed=1))
    status(page, 0, "none yet")
    upload(page, tmp_path / "tower.onnx")
    status(page, 0, "tower")
    save(page, tmp_path / "a.json")
    page.goto(address)
    status(page, 0, "none yet")
    take_up(page, tmp_path / "a.json")
    expect(page.get_by_text("Open that file below")).to_contain_text("tower")
    upload(page, tmp_path / "other.onnx")
    expect(page.get_by_text("is another model")).to_be_visible()
    rest(page)
    chip = page.get_by_role("tabpanel").locator("[data-testid=stFileChipDeleteBtn]")
    chip.locator("button").or_(chip).first.click()
    rest(page)
    upload(page, tmp_path / "tower.onnx")
    status(page, 0, "tower")
    expect(page.get_by_text("Open that file below")).to_be_hidden()


def test_a_session_that_was_tampered_with_is_refused(page: Page, tmp_path: Path) -> None:
    open_sample(page, "two_tower")
    save(page, tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    document["model"]["name"] = "<img src=x onerror='document.title=1'>"
    (tmp_path / "b.json").write_text(json.dumps(document))
    page.reload()
    status(page, 0, "two_tower")  # its address leads back
    take_up(page, tmp_path / "b.json")
    expect(page.get_by_text("was changed after it was saved")).to_be_visible()
    assert page.title() != "1"


def test_a_number_of_rows_that_was_let_vary_is_kept(
    page: Page, address: str, tmp_path: Path
) -> None:
    (tmp_path / "tower.onnx").write_bytes(ranking_tower(rows=1))
    status(page, 0, "none yet")
    upload(page, tmp_path / "tower.onnx")
    status(page, 0, "tower")
    freed = page.get_by_text("The file fixes the number of rows")
    insist(page.locator(".st-key-free-batch button"), freed)
    expect(page.locator("[data-testid=stCode]").first).to_contain_text("--free-batch")
    save(page, tmp_path / "a.json")
    page.goto(address)
    status(page, 0, "none yet")
    take_up(page, tmp_path / "a.json")
    expect(page.get_by_text("Open that file below")).to_contain_text("tower")
    upload(page, tmp_path / "tower.onnx")
    expect(freed).to_be_visible()
