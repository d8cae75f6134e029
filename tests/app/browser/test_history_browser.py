"""The browser's history in a real Chromium: one entry for each page that was visited."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from support.browser_session import confirm, open_sample, rest, turn_to

pytestmark = pytest.mark.browser


def test_going_back_leads_from_page_to_page(page: Page) -> None:
    open_sample(page, "two_tower")
    confirm(page)  # on the Labels page, whose address changes with each choice
    turn_to(page, "layout", "Each side in one block")
    expect(page).to_have_url(re.compile(r"/layout\?.*confirmed=1"))
    rest(page)
    page.go_back()
    expect(page.get_by_role("heading", name="Who owns which input?")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/labels\?.*confirmed=1"))
    rest(page)
    page.go_back()
    expect(page.get_by_role("heading", name="two_tower")).to_be_visible()
    rest(page)
    page.go_forward()
    expect(page.get_by_role("heading", name="Who owns which input?")).to_be_visible()
    rest(page)
    page.go_forward()
    expect(page.get_by_role("heading", name="Each side in one block")).to_be_visible()
