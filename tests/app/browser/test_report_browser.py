"""The report in a real Chromium: offline, without a script, on screen and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request, expect

import mari_engine as mari
from mari_engine.report import render_findings
from sample_models import labels_path, sample_path
from support import handmade_findings as handmade

pytestmark = pytest.mark.browser
MOST_PRINTED = 2 << 20
"""Bytes."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_opens_offline_and_prints(
    chromium: Browser, tmp_path: Path, scheme: str
) -> None:
    path = tmp_path / "report.html"
    findings = handmade.make_findings(source="<img src=x onerror=document.title=1>.onnx")
    path.write_text(render_findings(findings, [handmade.make_benchmark()]), encoding="utf-8")
    wrong: list[str] = []

    def check(request: Request) -> None:
        if request.url.partition("#")[0] != path.as_uri():
            wrong.append(request.url)

    def note(message: ConsoleMessage) -> None:
        wrong.append(message.text)

    with chromium.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        page = context.new_page()
        page.on("request", check)
        page.on("console", note)
        page.goto(path.as_uri())
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
        page.get_by_role("link", name="gemm", exact=True).first.click()
        expect(page.locator("g.box:target")).to_have_count(1)
        assert page.title() != "1"
        wide = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert wide, "the page must not scroll sideways"
        printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 594.95" in printed, "A4"
    assert wrong == []


def test_a_printed_report_of_many_strips_is_small(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    labels = mari.Labels.load(labels_path("mmoe_interleaved"))
    result = mari.optimize(mari.load(sample_path("mmoe_interleaved")), labels, autotune=False)
    path.write_text(mari.render_report(result), encoding="utf-8")
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(path.as_uri())
        printed = page.pdf(prefer_css_page_size=True)
    assert len(printed) < MOST_PRINTED
