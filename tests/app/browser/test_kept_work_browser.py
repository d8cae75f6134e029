"""Work that is kept, in a real Chromium: by reloads, by restarts of the server, for its visitor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from support.browser_session import (
    confirm,
    find_port,
    insist,
    open_sample,
    rest,
    serve,
    status,
    turn_to,
    upload,
)
from support.builders import ranking_tower

pytestmark = pytest.mark.browser


def begin_note(page: Page, text: str) -> None:
    """Open the form for a note on the page that is shown, and fill it in."""
    button = page.locator("[class*=st-key-note-] button").first
    insist(page.locator("[class*=st-key-review-] summary"), button)
    insist(button, page.locator("[class*=st-key-note-][class*=-text] textarea"))
    page.locator("[class*=st-key-note-][class*=-text] textarea").fill(text)


def send_note(page: Page, text: str) -> None:
    begin_note(page, text)
    page.locator("[class*=st-key-note-][class*=-name] input").fill("Ann")
    page.locator("[class*=st-key-note-][class*=-send] button").click()
    expect(page.locator(".mari-note")).to_contain_text(text)
    rest(page)


def test_a_reload_goes_on_with_an_upload_and_what_was_said_of_it(
    page: Page, tmp_path: Path
) -> None:
    (tmp_path / "tower.onnx").write_bytes(ranking_tower())
    upload(page, tmp_path / "tower.onnx")
    status(page, 0, "tower")
    turn_to(page, "labels", "Who owns which input?")
    send_note(page, "Who?")
    expect(page).to_have_url(re.compile(r"work=[0-9a-f]{32}"))
    rest(page)
    address = page.url
    page.reload()
    status(page, 0, "tower")
    expect(page.get_by_role("heading", name="Who owns which input?")).to_be_visible()
    expect(page.locator(".mari-note")).to_contain_text("Who?")
    expect(page).to_have_url(address)


def test_a_second_page_of_the_same_work_is_a_copy_and_strangers_see_nothing(
    page: Page, chromium: Browser, address: str
) -> None:
    open_sample(page, "two_tower")
    turn_to(page, "labels", "Who owns which input?")
    send_note(page, "Mine.")
    second = page.context.new_page()
    second.goto(page.url)
    status(second, 0, "two_tower")
    expect(second.get_by_text("open on another page, too")).to_be_visible()
    expect(second.locator(".mari-note")).to_contain_text("Mine.")
    assert second.url != page.url
    third = page.context.new_page()
    third.goto(address)
    open_sample(third, "two_tower")
    insist(
        third.locator(".st-key-earlier-work").get_by_role("button"),
        third.get_by_text("open on another page, too"),
    )
    rest(third)
    assert third.url not in (page.url, second.url)
    third.close()
    with chromium.new_context() as other:
        stranger = other.new_page()
        stranger.goto(address)
        open_sample(stranger, "two_tower")
        turn_to(stranger, "labels", "Who owns which input?")
        rest(stranger)
        expect(stranger.locator(".st-key-earlier-work")).to_have_count(0)
        expect(stranger.locator(".mari-note")).to_have_count(0)
    second.close()
    page.goto(address)
    open_sample(page, "two_tower")
    earlier = page.locator(".st-key-earlier-work")
    expect(earlier).to_contain_text("labels not confirmed, 1 note")
    insist(earlier.get_by_role("button"), page.get_by_text("The work of"))
    turn_to(page, "labels", "Who owns which input?")
    expect(page.locator(".mari-note")).to_contain_text("Mine.")


def test_work_outlives_the_server(chromium: Browser, tmp_path: Path) -> None:
    port = find_port()
    (tmp_path / "tower.onnx").write_bytes(ranking_tower())
    with chromium.new_context() as context:
        sample, own = context.new_page(), context.new_page()
        with serve(port, tmp_path) as address:
            sample.goto(address)
            open_sample(sample, "two_tower")
            confirm(sample)
            own.goto(address)
            upload(own, tmp_path / "tower.onnx")
            status(own, 0, "tower")
            turn_to(own, "labels", "Who owns which input?")
            send_note(own, "Whose?")
        with serve(port, tmp_path):
            sample.reload()
            status(sample, 0, "two_tower")
            status(sample, 2, "verified")
            expect(sample.get_by_text("confirmed by Ada, so the kept work says")).to_be_visible()
            own.reload()
            own.get_by_role("link", name="To the models").click()
            expect(own.get_by_text("Open that file below")).to_contain_text("tower")
            upload(own, tmp_path / "tower.onnx")
            status(own, 0, "tower")
            expect(own.locator(".mari-note")).to_contain_text("Whose?")


def test_leaving_a_note_that_was_begun_is_asked_about(page: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    open_sample(page, "two_tower")
    turn_to(page, "labels", "Who owns which input?")
    begin_note(page, "Who")
    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    assert asked == ["beforeunload"]
    page.remove_listener("dialog", stay)
    expect(page.locator("[class*=st-key-note-][class*=-text] textarea")).to_have_value("Who")
