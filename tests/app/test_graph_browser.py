"""The graph in a real Chromium: search, fold, select, filter, compare; names stay text."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from playwright.sync_api import Locator, Page, expect

from browser_session import click_confirm, open_sample, status, turn_to
from builders import build

pytestmark = pytest.mark.browser

HEADING = "What depends on the candidates"
MARKUP = [
    '<img src=x onerror="window.harm=1">',
    "<script>window.harm=2</script>",
    "[a](javascript:0)",
]


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


def title(graph: Locator) -> Locator:
    return graph.locator(".panel h3").first


def sizes(graph: Locator, pane: int = 0) -> list[int]:
    """Nodes, closed boxes and open boxes that a pane shows."""
    label = graph.locator(".canvas").nth(pane).get_attribute("aria-label") or ""
    return [int(part.split()[0]) for part in label.split(", ")]


def test_search_jumps_from_match_to_match(page: Page) -> None:
    graph = open_graph(page)
    press(graph, "/")
    page.keyboard.type("Concat")
    page.keyboard.press("Enter")
    expect(graph.locator(".matches")).to_contain_text("1 of ")
    expect(title(graph)).to_have_text("Concat")
    first = graph.locator(".panel .name").first.text_content()
    page.keyboard.press("Escape")
    press(graph, "n")
    expect(graph.locator(".matches")).to_contain_text("2 of ")
    assert graph.locator(".panel .name").first.text_content() != first
    press(graph, "N")
    expect(graph.locator(".matches")).to_contain_text("1 of ")


def test_a_search_without_matches_says_so(page: Page) -> None:
    graph = open_graph(page, "two_tower")
    graph.locator(".search").fill("no such node")
    expect(graph.locator(".matches")).to_have_text("0 found")
    press(graph, "n")
    expect(title(graph)).to_have_text("Nothing selected")


def test_boxes_open_and_close_by_key_and_by_button(page: Page) -> None:
    graph = open_graph(page)
    press(graph, "C")
    closed = sizes(graph)
    assert closed[1] > 3
    assert closed[2] == 0
    graph.get_by_role("button", name="Open all").click()
    opened = sizes(graph)
    assert opened[0] > 100
    assert opened[1] == 0
    press(graph, "C", "ArrowDown")
    page.keyboard.press("Enter")
    assert sizes(graph)[2] == 1
    page.keyboard.press("Enter")
    assert sizes(graph) == closed


def test_a_click_selects_in_the_panel_and_in_the_table(page: Page) -> None:
    graph = open_graph(page, "paper_tower")
    graph.locator(".search").fill("node_linear")
    page.keyboard.press("Enter")
    expect(graph.locator(".panel .name").first).to_have_text("node_linear")
    press(graph, "Escape")
    expect(title(graph)).to_have_text("Nothing selected")
    canvas = graph.locator(".canvas").first.bounding_box()
    assert canvas is not None
    page.wait_for_timeout(600)  # until the view has come to rest where the match was
    page.mouse.click(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
    expect(graph.locator(".panel .name").first).to_have_text("node_linear")
    expect(graph.locator(".panel")).to_contain_text("candidate side")
    expect(page.locator("[data-testid=stDataFrame]")).to_be_visible()


def test_a_row_of_the_table_selects_in_the_graph(page: Page) -> None:
    graph = open_graph(page, "paper_tower")
    table = page.locator("[data-testid=stDataFrame]").last
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 15, box["y"] + 50)
    expect(title(graph)).to_have_text("input")


def test_before_and_after_are_linked(page: Page) -> None:
    graph = open_graph(page, confirmed=True)
    expect(graph.locator(".pane .title").nth(1)).to_contain_text("Optimized")
    press(graph, "]")
    expect(graph.locator(".step")).to_contain_text("1 of ")
    expect(graph.locator(".decision")).to_contain_text("split")
    expect(graph.locator(".panel")).to_contain_text("Became")
    graph.locator(".panel .jump").first.click()
    expect(graph.locator(".panel")).to_contain_text("Made from")


def test_the_legend_filters_and_the_overlay_recolors(page: Page) -> None:
    graph = open_graph(page)
    request = graph.locator(".legend .entry").filter(has_text="request side")
    expect(request).to_have_attribute("aria-pressed", "true")
    request.click()
    expect(request).to_have_attribute("aria-pressed", "false")
    press(graph, "Escape")
    expect(request).to_have_attribute("aria-pressed", "true")


def test_the_drawing_can_be_saved(page: Page) -> None:
    graph = open_graph(page, "two_tower")
    with page.expect_download() as waiting:
        graph.get_by_role("button", name="SVG").click()
    drawing = Path(waiting.value.path()).read_text()
    assert drawing.startswith("<svg")
    assert "Request tower" in drawing
    with page.expect_download() as waiting:
        graph.get_by_role("button", name="PNG").click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")


def test_names_that_are_markup_stay_text(page: Page, tmp_path: Path) -> None:
    proto = onnx.load_from_string(
        build(
            "joined = Concat <axis = 1> (user, item) score = MatMul (joined, W)",
            inputs="float[N, 4] user, float[N, 3] item",
            outputs="float[N, 2] score",
            weights={"W": np.ones((7, 2), np.float32)},
        )
    )
    for node, name in zip(proto.graph.node, MARKUP, strict=False):
        node.name = name
        node.input[:] = [f"{MARKUP[0]}user" if taken == "user" else taken for taken in node.input]
    proto.graph.input[0].name = f"{MARKUP[0]}user"
    onnx.save(proto, tmp_path / "marked.onnx")
    status(page, 0, "none yet")
    page.get_by_role("tab", name=re.compile("Upload")).click()
    uploader = page.locator("[data-testid=stFileUploader]").first
    expect(uploader.get_by_role("button", name="Upload", exact=True)).to_be_visible()
    with page.expect_response(lambda response: response.request.method == "PUT"):
        uploader.locator("input").set_input_files(tmp_path / "marked.onnx")
    page.get_by_role("tabpanel").get_by_role("button", name=re.compile("Open")).last.click()
    status(page, 0, "marked")
    graph = show_graph(page)
    for op in ("Concat", "MatMul"):
        graph.locator(".search").fill(op)
        page.keyboard.press("Enter")
        expect(title(graph)).to_have_text(op)
    expect(graph.locator(".panel .name").first).to_have_text(MARKUP[1])
    with page.expect_download() as waiting:
        graph.get_by_role("button", name="SVG").click()
    assert "<script>" not in Path(waiting.value.path()).read_text()
    assert page.evaluate("window.harm") is None
    assert page.locator("img[onerror]").count() == 0


def test_the_keys_are_explained(page: Page) -> None:
    graph = open_graph(page, "two_tower")
    press(graph, "?")
    expect(graph.locator(".keys")).to_contain_text("next, previous match")
    press(graph, "Escape")
    expect(graph.locator(".keys")).to_be_hidden()
