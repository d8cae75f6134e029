"""The whole way in a real Chromium: no console error, no request to an outside address."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from builders import build

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PATIENCE = 60_000
"""Milliseconds after which waiting for something to appear is given up."""
expect.set_options(timeout=PATIENCE)
PROBE = "/layout/_stcore/"
"""Opened by a page's address, Streamlit first looks for its server below that address."""
HOSTILE = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of our own; what it logs is shown when a test fails."""
    log = tmp_path_factory.mktemp("server") / "log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.fileWatcherType=none"]
    environment = {name: text for name, text in os.environ.items() if name != "MARI_MODEL"}
    with (
        log.open("w") as stream,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=stream, stderr=stream
        ) as server,
    ):
        try:
            wait_for(f"http://localhost:{port}/_stcore/health", server)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            print(log.read_text()[-4000:])


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"no answer from {url}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium; install Debian's package chromium to run these tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A new session, which must end without an error or a request to elsewhere."""
    wrong: list[str] = []

    def check(request: Request) -> None:
        if not request.url.startswith((address, address.replace("http", "ws"), "data:", "blob:")):
            wrong.append(f"request to {request.url}")

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and PROBE not in message.location["url"]:
            wrong.append(message.text)

    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", check)
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", note)
        page.goto(address)
        yield page
    assert wrong == []


def click(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button").first.click()


def turn_to(page: Page, step: str, heading: str) -> None:
    page.locator(f'a[href$="/{step}"]').first.click()
    expect(page.get_by_role("heading", name=heading)).to_be_visible()


def status(page: Page, stage: int, word: str) -> None:
    cell = page.locator(".mari-word").nth(stage)
    expect(cell).to_have_text(word)


def open_sample(page: Page, name: str) -> None:
    click(page, f"open-{name}")
    status(page, 0, name)


def confirm(page: Page) -> None:
    turn_to(page, "labels", "Who owns which input?")
    click(page, "use-given")
    expect(page.locator(".st-key-use-given button").first).to_be_disabled()
    click(page, "confirm")
    status(page, 1, "confirmed")
    status(page, 2, "verified")


def test_from_sample_to_download(page: Page) -> None:
    open_sample(page, "mmoe_interleaved")
    confirm(page)
    turn_to(page, "graph", "What depends on the candidates")
    turn_to(page, "layout", "Each side in one block")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    turn_to(page, "benchmark", "Measured, not estimated")
    page.locator(".st-key-batches input").focus()
    for key in ("Backspace", "Backspace", "Escape"):
        page.keyboard.press(key)
    expect(page.locator(".stCode").last).to_contain_text("--batch 100 ")
    click(page, "bench-run")
    status(page, 3, "measured")
    expect(page.get_by_role("heading", name="Throughput")).to_be_visible()
    turn_to(page, "download", "Shown, not claimed")
    with page.expect_download() as waiting:
        page.locator("[class*=st-key-get-mari] button").first.click()
    packed = zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert {"model.onnx", "manifest.json", "labels.json", "certificate.json", "report.html"} <= set(
        packed.namelist()
    )
    assert json.loads(packed.read("certificate.json"))["passed"] is True
    assert json.loads(packed.read("manifest.json"))["signature"] == "drop-in"


def test_a_cell_that_is_being_typed_is_not_lost(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 1300})
    open_sample(page, "mmoe_interleaved")
    confirm(page)
    box = page.locator("[data-testid=stDataFrame]").first.bounding_box()
    assert box is not None
    below = box["x"] + 0.61 * box["width"]
    page.mouse.move(below, box["y"] + 100)
    page.wait_for_timeout(500)  # the table must see the pointer before it takes a click
    page.mouse.dblclick(below, box["y"] + 50)
    expect(page.locator("#portal input")).to_be_visible()
    page.keyboard.press("Control+A")
    page.keyboard.type("450")
    with page.expect_download():
        page.get_by_role("button", name="Export").click()
    status(page, 1, "not confirmed")
    click(page, "confirm")
    status(page, 2, "verified")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export").click()
    labels = json.loads(Path(waiting.value.path()).read_text())
    assert next(iter(labels["inputs"].values()))["range"] == [0, 450]


def test_sessions_do_not_mix(page: Page, chromium: Browser, address: str) -> None:
    open_sample(page, "two_tower")
    with chromium.new_context() as other:
        second = other.new_page()
        second.goto(address)
        status(second, 0, "none yet")
        open_sample(second, "dlrm")
    turn_to(page, "labels", "Who owns which input?")
    status(page, 0, "two_tower")


def test_a_page_asked_for_by_its_address_begins_the_app(page: Page, address: str) -> None:
    page.goto(f"{address}/layout")
    status(page, 0, "none yet")
    expect(page.get_by_role("link", name="6. Download")).to_be_visible()


def test_names_from_a_model_are_shown_as_text(page: Page, tmp_path: Path) -> None:
    from onnx import load_from_string

    proto = load_from_string(
        build(
            "joined = Concat <axis = 1> (user, item) score = MatMul (joined, W)",
            inputs="float[N, 4] user, float[N, 3] item",
            outputs="float[N, 2] score",
            weights={"W": np.ones((7, 2), np.float32)},
        )
    )
    graph = proto.graph
    for node in graph.node:
        node.name = f"{HOSTILE}{node.op_type}"
        node.input[:] = [name.replace("user", f"user{HOSTILE}") for name in node.input]
    graph.input[0].name = f"user{HOSTILE}"
    (tmp_path / "a<b>.onnx").write_bytes(proto.SerializeToString())
    page.get_by_role("tab", name=re.compile("Upload")).click()
    page.locator("[data-testid=stFileUploader] input").set_input_files(tmp_path / "a<b>.onnx")
    page.get_by_role("tabpanel").get_by_role("button", name=re.compile("Open")).last.click()
    status(page, 0, "a_b_")
    turn_to(page, "labels", "Who owns which input?")
    click(page, "confirm")
    status(page, 2, "verified")
    for step, heading in [("layout", "Each side in one block"), ("download", "Shown, not claimed")]:
        turn_to(page, step, heading)
        page.wait_for_timeout(1000)
        assert page.locator("img[onerror]").count() == 0
        assert page.title() != "1"
