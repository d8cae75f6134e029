"""A server of our own, a Chromium, and the steps that browser tests take through the app."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    TimeoutError,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PATIENCE = 60_000
"""Milliseconds after which waiting for something to appear is given up."""
AGAIN = 5_000
"""Milliseconds after which a click that showed nothing is made again."""
expect.set_options(timeout=PATIENCE)
MOMENT = 400
"""Milliseconds in which what does not move counts as still."""


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of our own; what it logs is shown when a test fails."""
    with serve(find_port(), tmp_path_factory.mktemp("server")) as address:
        yield address


def find_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(port: int, folder: Path) -> Iterator[str]:
    """Run a server that keeps visitors' work in this folder, and its log; its address."""
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.fileWatcherType=none"]
    command += ["--", "--keep", str(folder / "works")]
    environment = {name: text for name, text in os.environ.items() if name != "MARI_MODEL"}
    log = folder / "log"
    with (
        log.open("a") as stream,
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
        if message.type == "error":
            wrong.append(message.text)

    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", check)
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", note)
        page.goto(address)
        yield page
    assert wrong == [], wrong


def click(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button").first.click()


def rest(page: Page) -> None:
    """Wait until the app is at rest: a click while a run ends can be lost with it."""
    expect(page.locator('.stApp[data-test-script-state="notRunning"]')).to_be_attached()


def insist(target: Locator, shown: Locator) -> None:
    """Click until something shows, as a person does whose click fell into the end of a run."""
    _repeat(target.click, shown)


def insist_key(key: str, shown: Locator) -> None:
    """Press a key until something shows, for the same reason."""
    _repeat(partial(shown.page.keyboard.press, key), shown)


def insist_sent(act: Callable[[], object], button: Locator) -> None:
    """Fill in and send a form until it closes and its button is gone, for the same reason."""
    _repeat(act, button, visible=False)


def _repeat(act: Callable[[], object], target: Locator, *, visible: bool = True) -> None:
    for _ in range(PATIENCE // AGAIN):
        rest(target.page)
        if target.is_visible() != visible:
            act()
        try:
            target.wait_for(state="visible" if visible else "hidden", timeout=AGAIN)
        except TimeoutError:
            continue
        return
    expect(target).to_be_visible(visible=visible)


def turn_to(page: Page, step: str, heading: str) -> None:
    link = page.locator(f'a[href$="/{step}"]').first
    insist(link, page.get_by_role("heading", name=heading))


def status(page: Page, stage: int, word: str) -> None:
    cell = page.locator(".mari-word").nth(stage)
    expect(cell).to_have_text(word)


def open_sample(page: Page, name: str) -> None:
    click(page, f"open-{name}")
    status(page, 0, name)


def upload(page: Page, path: Path) -> None:
    """Open a file of this machine on the Model page."""
    page.get_by_role("tab", name=re.compile("Upload")).click()
    uploader = page.get_by_role("tabpanel").locator("[data-testid=stFileUploader]").first
    with page.expect_response(lambda response: response.request.method == "PUT"):
        uploader.locator("input").set_input_files(path)
    page.get_by_role("tabpanel").get_by_role("button", name=re.compile("Open")).last.click()


def confirm(page: Page) -> None:
    turn_to(page, "labels", "Who owns which input?")
    click(page, "use-given")
    expect(page.locator(".st-key-use-given button").first).to_be_disabled()
    click_confirm(page)
    status(page, 1, "confirmed")


def select_row(page: Page, row: int) -> None:
    """Click the box of a row of the labels' table, counted from 1; 0 selects all rows."""
    expect(page.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()
    rest(page)
    table = page.locator("[data-testid=stDataFrame]").first
    table.evaluate("one => one.scrollIntoView({ block: 'center' })")
    x, y = find_still(table)
    page.mouse.move(x + 16, y + 90)
    page.wait_for_timeout(500)  # the table must see the pointer before it takes a click
    page.mouse.click(x + 16, y + 16 + 33 * row)


def find_still(target: Locator) -> tuple[float, float]:
    """Return where an element stands once it has stopped moving: pages scroll and grow."""
    before: object = None
    for _ in range(PATIENCE // MOMENT):
        box = target.bounding_box()
        assert box is not None
        if box == before:
            return box["x"], box["y"]
        before = box
        target.page.wait_for_timeout(MOMENT)
    pytest.fail("the page does not come to rest")


def answer_all(page: Page) -> None:
    """Select every row that is left to answer, and say that it is right as shown."""
    expect(page.locator(".st-key-left-to-answer")).to_be_visible()
    if page.get_by_text("rows are left to answer").is_visible():
        select_all(page)
    rest(page)
    click(page, "answer-right")
    expect(page.locator(".st-key-left-to-answer")).to_have_count(0)


def select_all(page: Page) -> None:
    """Select all rows, as a person does: who sees that a click selected none clicks again."""
    selected = page.get_by_text("rows selected")
    for _ in range(PATIENCE // AGAIN):
        select_row(page, 0)
        try:
            selected.wait_for(timeout=AGAIN)
        except TimeoutError:
            continue
        return
    expect(selected).to_be_visible()


def click_confirm(page: Page, by: str = "Ada") -> None:
    expect(page.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()
    page.wait_for_timeout(500)  # the table has its height, and the button its place
    page.locator(".st-key-confirm-name input").fill(by)
    click(page, "confirm")
    status(page, 2, "verified")
