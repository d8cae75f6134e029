"""Notes and sign-offs in a real Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from support.browser_session import (
    click,
    confirm,
    insist,
    insist_sent,
    open_sample,
    rest,
    status,
    turn_to,
)

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1">'


def send(page: Page, key: str, **texts: str) -> None:
    """Open a form, fill it in and send it; it closes by itself."""
    button = page.locator(f".st-key-{key} button").first
    insist(button, page.locator(f".st-key-{key}-send button"))

    def fill_in() -> None:
        for field, text in texts.items():
            page.locator(f".st-key-{key}-{field}").locator("input, textarea").fill(text)
        page.locator(f".st-key-{key}-send button").click()

    insist_sent(fill_in, page.locator(f".st-key-{key}-send button"))


def test_a_meetings_outcome_is_kept_with_what_it_saw(page: Page) -> None:
    open_sample(page, "two_tower")
    confirm(page)
    panel = page.locator(".st-key-review-labels")
    panel.locator("summary").click()
    send(page, "note-labels-0", text=f"Who owns it?\n{HOSTILE}", name=f"Ann {HOSTILE}")
    expect(panel.locator(".mari-note-open")).to_contain_text(HOSTILE)
    assert page.locator("img[onerror]").count() == 0
    send(page, "turn-0-0", text="The user.")
    expect(panel.locator(".mari-note-settled")).to_contain_text("The user.")
    send(page, "sign-labels-0", name="Bob")
    expect(panel.locator(".mari-signed-stands")).to_contain_text("Bob")
    click(page, "use-proposals")
    status(page, 1, "not confirmed")
    expect(panel.locator(".mari-signed-outdated")).to_contain_text("has changed since")
    page.get_by_role("button", name="Undo").click()
    expect(panel.locator(".mari-signed-stands")).to_contain_text("Bob")
    turn_to(page, "review", "What the meeting decides")
    expect(page.locator(".mari-note-settled")).to_be_visible()
    expect(page.locator("summary").first).to_contain_text("1 settled · signed off by Bob")
    assert page.title() != "1"


def test_a_note_is_pinned_to_the_node_that_is_selected(page: Page, address: str) -> None:
    node = "/user_tower/user_tower.0/Gemm"
    page.goto(f"{address}/graph?sample=two_tower&node={node}")
    status(page, 0, "two_tower")
    rest(page)
    page.locator(".st-key-review-decisions summary").click()
    rest(page)
    send(page, "note-decisions-0", text="Once?", name="Ann")
    expect(page.locator(".mari-note code")).to_have_text(node)
    turn_to(page, "review", "What the meeting decides")
    rest(page)
    page.get_by_role("link", name="In the graph").click()
    expect(page).to_have_url(re.compile(r"/graph\?.*node=%2Fuser_tower%2Fuser_tower.0%2FGemm"))
    expect(page.locator(".st-key-review-decisions .mari-note")).to_be_visible()
