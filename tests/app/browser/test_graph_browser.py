"""The graph in a real Chromium: search, fold, select, filter, save; names stay text."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from playwright.sync_api import Page, expect

from support.browser_session import status
from support.builders import build
from support.graph_visits import details, open_graph, press, save, show_graph, sizes, title

pytestmark = pytest.mark.browser

MARKUP = [
    '<img src=x onerror="window.harm=1">',
    "<script>window.harm=2</script>",
    "[a](javascript:0)",
]


def test_search_jumps_from_match_to_match(page: Page) -> None:
    graph = open_graph(page)
    press(graph, "/")
    page.keyboard.type("Concat")
    page.keyboard.press("Enter")
    expect(graph.locator(".matches")).to_contain_text("1 of ")
    expect(title(graph)).to_have_text("Concat")
    first = details(graph).locator(".name").first.text_content()
    page.keyboard.press("Escape")
    press(graph, "n")
    expect(graph.locator(".matches")).to_contain_text("2 of ")
    assert details(graph).locator(".name").first.text_content() != first
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
    assert opened[0] > 80
    assert opened[1] == 0
    press(graph, "C", "ArrowRight")
    page.keyboard.press("Enter")
    assert sizes(graph)[2] == 1
    page.keyboard.press("Enter")
    assert sizes(graph) == closed


def test_shapes_and_constants_are_shown_when_asked_for(page: Page) -> None:
    graph = open_graph(page)
    graph.get_by_role("button", name="Open all").click()
    flow = sizes(graph)
    graph.get_by_role("button", name="Shapes").click()
    assert sizes(graph)[0] > flow[0] + 40
    press(graph, "s")
    assert sizes(graph) == flow


def test_the_picture_fits_the_room_that_it_gets(page: Page) -> None:
    graph = open_graph(page, "two_tower")
    page.set_viewport_size({"width": 2000, "height": 900})
    page.wait_for_timeout(800)
    scale = float(re.split("~|%7E", page.url.split("at=")[1])[2].split("&")[0])
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_timeout(800)
    again = float(re.split("~|%7E", page.url.split("at=")[1])[2].split("&")[0])
    press(graph, "f")
    assert 0.93 < again <= scale


def test_a_box_shows_what_it_holds(page: Page) -> None:
    graph = open_graph(page)
    press(graph, "C", "ArrowRight")
    expect(title(graph)).to_have_text("User features")
    sides = details(graph).locator("section").filter(has_text="Sides")
    expect(sides.locator("th").first).to_have_text("Rrequest side, once per request")
    expect(details(graph)).to_contain_text("Gather")


def test_a_click_selects_in_the_details_and_in_the_list(page: Page) -> None:
    graph = open_graph(page, "paper_tower")
    graph.locator(".search").fill("node_linear")
    page.keyboard.press("Enter")
    expect(details(graph).locator(".name").first).to_have_text("node_linear")
    graph.locator(".search").fill("")
    canvas = graph.locator(".canvas").first.bounding_box()
    assert canvas is not None
    page.wait_for_timeout(600)  # until the view has come to rest where the match is
    page.mouse.click(canvas["x"] + 4, canvas["y"] + canvas["height"] - 4)  # where nothing stands
    expect(title(graph)).to_have_text("Nothing selected")
    page.mouse.click(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
    expect(details(graph).locator(".name").first).to_have_text("node_linear")
    expect(details(graph)).to_contain_text("candidate side")
    press(graph, "3")
    expect(graph.locator(".row[aria-selected=true]")).to_contain_text("node_linear")


def test_a_row_of_the_list_selects_in_the_graph(page: Page) -> None:
    graph = open_graph(page, "paper_tower")
    press(graph, "3")
    graph.locator(".row").filter(has_text="Relu").nth(1).click()
    expect(title(graph)).to_have_text("Relu")
    expect(details(graph).locator(".name").first).to_have_text("node_relu_1")
    page.keyboard.press("ArrowDown")
    expect(graph.locator(".row[aria-selected=true]")).not_to_contain_text("node_relu_1")


def test_a_weight_is_found_by_its_name_and_shown_with_its_distribution(page: Page) -> None:
    graph = open_graph(page, "paper_tower")
    graph.locator(".search").fill("mlp.2.weight")
    page.keyboard.press("Enter")
    expect(title(graph)).to_have_text("Gemm")
    weight = details(graph).locator(".tensor").filter(has_text="mlp.2.weight")
    expect(weight).to_contain_text("float32 [128, 256]")
    expect(weight).to_contain_text("32,768")
    expect(weight.locator(".histogram rect").first).to_be_visible()


def test_the_paths_from_an_input_to_an_output_are_shown(page: Page) -> None:
    graph = open_graph(page, "two_tower")
    press(graph, "Escape")
    page.wait_for_timeout(200)
    inputs = details(graph).get_by_label("From this input")
    inputs.select_option(index=0)
    details(graph).get_by_role("button", name="Show the paths").click()
    expect(title(graph)).to_contain_text("on the way")
    assert details(graph).locator(".jump").count() > 3


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
    drawing = ElementTree.parse(save(graph, "SVG")).getroot()
    texts = [part.text for part in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"User tower", "Where they meet"} <= {*texts}
    assert "request side, once per request" in texts
    picture = save(graph, "PNG").read_bytes()
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert width >= 2 * float(drawing.attrib["width"]) - 2
    assert height > 200


def test_names_that_are_markup_stay_text(page: Page, tmp_path: Path) -> None:
    proto = onnx.load_from_string(
        build(
            "joined = Concat <axis = 1> (user, item) score = MatMul (joined, W)",
            inputs="float[N, 4] user, float[N, 3] item",
            outputs="float[N, 9] score",
            weights={"W": np.ones((7, 9), np.float32)},
        )
    )
    for node, name in zip(proto.graph.node, MARKUP, strict=False):
        node.name = name
        node.input[:] = [f"{MARKUP[0]}user" if taken == "user" else taken for taken in node.input]
    proto.graph.input[0].name = f"{MARKUP[0]}user"
    hostile = tmp_path / "marked<img src=x onerror=window.harm=3>.onnx"
    onnx.save(proto, hostile)
    status(page, 0, "none yet")
    page.get_by_role("tab", name=re.compile("Upload")).click()
    uploader = page.locator("[data-testid=stFileUploader]").first
    expect(uploader.get_by_role("button", name="Upload", exact=True)).to_be_visible()
    with page.expect_response(lambda response: response.request.method == "PUT"):
        uploader.locator("input").set_input_files(hostile)
    page.get_by_role("tabpanel").get_by_role("button", name=re.compile("Open")).last.click()
    expect(page.locator(".mari-word").first).to_contain_text("marked")
    graph = show_graph(page)
    for op in ("Concat", "MatMul"):
        graph.locator(".search").fill(op)
        page.keyboard.press("Enter")
        expect(title(graph)).to_have_text(op)
    expect(details(graph).locator(".name").first).to_have_text(MARKUP[1])
    expect(details(graph).locator(".histogram")).to_be_visible()
    assert "<script>" not in save(graph, "SVG").read_text()
    assert page.evaluate("window.harm") is None
    assert page.locator("img[onerror]").count() == 0


def test_the_keys_are_explained(page: Page) -> None:
    graph = open_graph(page, "two_tower")
    press(graph, "?")
    expect(graph.locator(".keys")).to_contain_text("next, previous match")
    press(graph, "Escape")
    expect(graph.locator(".keys")).to_be_hidden()
