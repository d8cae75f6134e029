"""Times the Graph page in a real Chromium.

Run `PYTHONPATH=tests python -m support.graph_timings [NODES …]`.

For each size, of one model on this machine: what the server takes of its processor for the first
picture (labels as proposed, nothing made ahead), and until when it stands in the browser; then, in
the browser, opening a group, selecting a node, and recoloring after a label has changed. Wall time
tells little on a machine that is busy with other things, so the processor's stands beside it.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import psutil
from playwright.sync_api import Page, expect, sync_playwright

from support.browser_session import CHROMIUM, ROOT, turn_to, wait_for
from support.graph_visits import press, show_graph
from support.large_models import large_ranker

PATIENCE = 600_000
ROUNDS = 5
AHEAD = float(os.environ.get("MARI_AHEAD", "0"))
"""Milliseconds on the page before, while the server draws ahead."""
Watch = Callable[[], tuple[float, float]]
"""Returns seconds since it was set: wall, and the server's processor."""


@contextmanager
def serve(model: Path) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.fileWatcherType=none", "--", str(model)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=quiet) as server:
        try:
            wait_for(f"http://localhost:{port}/_stcore/health", server)
            yield f"http://localhost:{port}", psutil.Process(server.pid)
        finally:
            server.terminate()


def watch(server: psutil.Process) -> Watch:
    began, used = time.monotonic(), sum(server.cpu_times()[:2])
    return lambda: (time.monotonic() - began, sum(server.cpu_times()[:2]) - used)


def measured(page: Page, name: str) -> float:
    """Return the median milliseconds that the component itself took, and forget them."""
    found = page.evaluate(
        "name => { const all = performance.getEntriesByName(name).map((one) => one.duration);"
        " performance.clearMeasures(name); return all; }",
        name,
    )
    return statistics.median(found) if found else float("nan")


def settled(page: Page) -> None:
    expect(page.locator('.stApp[data-test-script-state="notRunning"]')).to_be_attached()


def time_page(page: Page, address: str, server: psutil.Process) -> list[str]:
    page.goto(address)
    expect(page.locator(".mari-word").nth(0)).to_contain_text("big")
    settled(page)
    page.wait_for_timeout(AHEAD)
    first = watch(server)
    graph = show_graph(page)
    wall, used = first()
    loaded = measured(page, "mari graph: load")
    press(graph, "C", "ArrowRight")
    for _ in range(2 * ROUNDS):
        page.keyboard.press("Enter")
        page.wait_for_timeout(150)
    opened = measured(page, "mari graph: open")
    graph.locator(".search").fill("Relu")
    for _ in range(ROUNDS + 1):
        page.keyboard.press("Enter")
        page.wait_for_timeout(150)
    chosen = measured(page, "mari graph: select")
    return [
        f"{used:.2f} s / {wall:.2f} s", f"{loaded:.0f} ms", f"{opened:.0f} ms",
        f"{chosen:.0f} ms", *time_recoloring(page, server),
    ]  # fmt: skip


def time_recoloring(page: Page, server: psutil.Process) -> list[str]:
    """Give one input another role, and come back to the graph."""
    turn_to(page, "labels", "Who owns which input?")
    page.get_by_role("button", name="Set by pattern").click()
    page.locator(".st-key-pattern input").fill("item_0")
    page.locator(".st-key-pattern input").press("Enter")
    settled(page)
    page.locator(".st-key-pattern-apply button").click()
    settled(page)
    page.keyboard.press("Escape")
    again = watch(server)
    show_graph(page)
    wall, used = again()
    return [f"{used:.2f} s / {wall:.2f} s"]


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or [100, 1_000, 10_000]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for size in sizes:
            path = Path(folder) / f"big{size}.onnx"
            onnx.save(large_ranker(size), path)
            with serve(path) as (address, server):
                page = browser.new_page(viewport={"width": 1366, "height": 768})
                page.set_default_timeout(PATIENCE)
                cells = [f"{size:,}", *time_page(page, address, server)]
                print(f"| {' | '.join(cells)} |", flush=True)
                page.close()


if __name__ == "__main__":
    expect.set_options(timeout=PATIENCE)
    main()
