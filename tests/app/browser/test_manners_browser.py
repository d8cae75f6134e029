"""A first visit in a real Chromium, by mouse and by keyboard, in light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser_session import confirm, open_sample, status, turn_to

pytestmark = pytest.mark.browser

LAPTOP = {"width": 1366, "height": 768}


def test_a_first_visit_explains_itself_on_one_screen(page: Page) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    expect(page.get_by_role("heading", name="Score the user once")).to_be_in_viewport()
    expect(page.get_by_text("Rewritten: once per request")).to_be_in_viewport(ratio=1)
    expect(page.locator(".st-key-try-sample button")).to_be_in_viewport(ratio=1)
    assert page.locator("code", has_text="None").count() == 0


def test_a_sample_is_tried_by_keyboard_alone(page: Page) -> None:
    button = page.locator(".st-key-try-sample button")
    expect(button).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    status(page, 0, "paper_tower")


def test_the_terms_are_explained_on_every_page(page: Page) -> None:
    open_sample(page, "two_tower")
    turn_to(page, "labels", "Who owns which input?")
    page.get_by_role("button", name="Terms").click()
    expect(page.get_by_text("a product that reads columns of both sides")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("a product that reads columns of both sides")).to_be_hidden()


def test_an_upload_says_its_limit_and_what_to_do_beyond_it(page: Page) -> None:
    page.get_by_role("tab", name=re.compile("Upload")).click()
    expect(page.get_by_text(re.compile("per file"))).to_be_visible()
    expect(page.get_by_text("Larger models: open a file of the server's own")).to_be_visible()


def test_a_dark_screen_shows_every_page_in_dark(chromium: Browser, address: str) -> None:
    wrong: list[str] = []
    with chromium.new_context(color_scheme="dark", viewport=LAPTOP) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        open_sample(page, "two_tower")
        confirm(page)
        for step, heading in [("layout", "Each side"), ("benchmark", "Measured, not estimated")]:
            turn_to(page, step, heading)
            background = page.locator(".stApp").evaluate(
                "one => getComputedStyle(one).backgroundColor"
            )
            assert sum(map(int, re.findall(r"\d+", background)[:3])) < 120
    assert wrong == []
