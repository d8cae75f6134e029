"""Steps that browser tests take on the Graph page."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from support.browser_session import click_confirm, open_sample, turn_to

HEADING = "What depends on the candidates"


def open_graph(page: Page, name: str = "mmoe_interleaved", *, confirmed: bool = False) -> Locator:
    open_sample(page, name)
    if confirmed:
        turn_to(page, "labels", "Who owns which input?")
        click_confirm(page)
    return show_graph(page)


def show_graph(page: Page) -> Locator:
    turn_to(page, "graph", HEADING)
    graph = page.locator(".graph")
    expect(graph.locator(".legend .entry").first).to_be_visible()
    return graph


def press(graph: Locator, *keys: str) -> None:
    graph.focus()
    for key in keys:
        graph.page.keyboard.press(key)


def details(graph: Locator) -> Locator:
    return graph.locator("[data-tab=details]")


def changes(graph: Locator) -> Locator:
    return graph.locator("[data-tab=changes]")


def title(graph: Locator) -> Locator:
    return details(graph).locator("h3").first


def save(graph: Locator, kind: str) -> Path:
    """Return the file that the Save menu makes."""
    graph.get_by_role("button", name="Save").click()
    with graph.page.expect_download() as waiting:
        graph.get_by_role("menuitem", name=kind).click()
    return Path(waiting.value.path())


def sizes(graph: Locator, pane: int = 0) -> list[int]:
    """Nodes, closed boxes and open boxes that a pane shows."""
    label = graph.locator(".canvas").nth(pane).get_attribute("aria-label") or ""
    return [int(part.split()[0]) for part in label.split(", ")]
