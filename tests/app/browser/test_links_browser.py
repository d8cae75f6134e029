"""Links in a real Chromium: an address leads back to page, model, labels and choices."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from support.browser_session import confirm, open_sample, status, turn_to

pytestmark = pytest.mark.browser


def test_an_address_leads_back_to_what_it_showed(page: Page) -> None:
    open_sample(page, "two_tower")
    confirm(page)
    turn_to(page, "layout", "Each side in one block")
    expect(page).to_have_url(re.compile(r"/layout\?.*confirmed=1"))
    address = re.sub(r"&work=\w+", "", page.url)  # as a link to share says it
    assert address != page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_role("heading", name="Each side in one block")).to_be_visible()
    status(page, 0, "two_tower")
    status(page, 2, "verified")
    expect(page.get_by_text("The check runs again here")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("The check runs again here")).to_be_hidden()
    expect(page).to_have_url(re.compile(re.escape(address)))


def test_a_hostile_address_is_text_and_opens_nothing(page: Page, address: str) -> None:
    page.goto(f"{address}/?sample=%3Cimg%20src%3Dx%20onerror%3D%22document.title%3D1%22%3E")
    expect(page.get_by_text("The link leads nowhere")).to_contain_text("<img src=x")
    status(page, 0, "none yet")
    assert page.locator("img[onerror]").count() == 0
    assert page.title() != "1"
