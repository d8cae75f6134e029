"""Each page's document says where the server is, so that nothing is looked for below the page."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from playwright.sync_api import Page, Response, expect
from starlette.routing import Router

from app.server import list_documents
from support.browser_session import ROOT, confirm, open_sample, rest, turn_to

PAGES = sorted(page.stem for page in (ROOT / "app" / "pages").glob("[a-z]*.py"))


def ask(path: str) -> tuple[int, list[tuple[bytes, bytes]], str]:
    """Return status, headers and text of the answer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "path": path, "method": "GET", "headers": [], "query_string": b""}
    asyncio.run(Router(list_documents())(scope, receive, send))
    return sent[0]["status"], sent[0]["headers"], sent[1]["body"].decode()


def test_the_address_of_each_page_leads_to_a_document_that_names_the_server() -> None:
    for name in ("", *PAGES):
        status, headers, text = ask(f"/{name}")
        assert status == 200
        assert text.count("BACKEND_BASE_URL") == 1
        assert text.index("BACKEND_BASE_URL") < text.index('type="module"')
        assert (b"cache-control", b"no-cache") in headers
    assert ask("/favicon.png")[0] == 404


def test_below_a_base_path_they_lie_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"server.baseUrlPath": "/mari/"}
    monkeypatch.setattr(st, "get_option", asked.__getitem__)
    assert {route.path for route in list_documents()} == {"/mari/", *(f"/mari/{p}" for p in PAGES)}


@pytest.mark.browser
def test_no_page_that_is_opened_by_its_address_asks_in_vain(page: Page, tmp_path: Path) -> None:
    refused: list[str] = []

    def note(answer: Response) -> None:
        if answer.status >= 400:
            refused.append(f"{answer.status} {answer.url}")

    page.on("response", note)
    open_sample(page, "two_tower")
    confirm(page)
    turn_to(page, "download", "Shown, not claimed")
    rest(page)
    page.reload()
    expect(page.get_by_role("heading", name="Shown, not claimed")).to_be_visible()
    rest(page)
    with page.expect_download() as waiting:
        page.locator(".st-key-get-model-onnx button").click()
    waiting.value.save_as(tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").stat().st_size > 0
    for name in ("labels", "compare"):
        page.goto(page.url.replace("/download", f"/{name}"))
        expect(page.locator(f'a[href$="/{name}"]').first).to_be_visible()
        rest(page)
    assert refused == []
