"""The story of a model in a real Chromium: its steps on the whole screen, on file and on paper."""

from __future__ import annotations

import struct

import pytest
from playwright.sync_api import Page, expect

from support.graph_visits import open_graph, press, save, sizes

pytestmark = pytest.mark.browser

TITLES = ["The model", "Two sides", "Where they meet", "Computed once", "The result"]


def test_the_story_is_told_in_steps_on_the_whole_screen(page: Page) -> None:
    graph = open_graph(page, confirmed=True)
    before = [sizes(graph), sizes(graph, 1)]
    color = graph.get_by_label("Color by").input_value()
    graph.get_by_role("button", name="Present").click()
    slide = graph.locator(".slide")
    for at, text in enumerate(TITLES):
        expect(slide.locator("h2")).to_have_text(text)
        expect(slide.locator(".step")).to_have_text(f"{at + 1} of {len(TITLES)}")
        page.keyboard.press("ArrowRight")
    expect(slide.locator("h2")).to_have_text("The result")
    headline = page.get_by_text("columns were multiplied 500 times a request").first
    expect(slide.locator(".caption")).to_have_text(headline.inner_text())
    box, screen = graph.bounding_box(), page.viewport_size
    assert box is not None
    assert screen is not None
    assert (box["x"], box["y"]) == (0, 0)
    assert (box["width"], box["height"]) == (screen["width"], screen["height"])
    expect(graph.locator(".bar")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(slide.locator("h2")).to_have_text("Computed once")
    expect(graph.locator(".pane").first).to_be_hidden()
    page.keyboard.press("Escape")
    expect(slide).to_be_hidden()
    expect(graph.locator(".bar")).to_be_visible()
    assert [sizes(graph), sizes(graph, 1)] == before
    assert graph.get_by_label("Color by").input_value() == color


def test_each_step_is_saved_with_its_caption(page: Page) -> None:
    graph = open_graph(page, "two_tower", confirmed=True)
    plain = struct.unpack(">II", save(graph, "PNG").read_bytes()[16:24])
    press(graph, "P")
    for at in range(1, 5):
        page.keyboard.press("ArrowRight")
        expect(graph.locator(".slide .step")).to_contain_text(f"{at + 1} of")
    with page.expect_download() as waiting:
        page.keyboard.press("s")
    assert waiting.value.suggested_filename == "step-5.png"
    told = struct.unpack(">II", waiting.value.path().read_bytes()[16:24])
    assert told[1] > plain[1] + 100


def test_a_saved_drawing_holds_the_font_of_the_page(page: Page) -> None:
    graph = open_graph(page, "two_tower")
    drawing = save(graph, "SVG").read_text()
    family = graph.evaluate("each => getComputedStyle(each).fontFamily").split(",")[0].strip('"')
    assert f'@font-face{{font-family:"{family}"' in drawing
    assert "src:url(data:font/woff2;base64," in drawing


def test_on_paper_stands_all_that_is_open(page: Page) -> None:
    graph = open_graph(page, "two_tower", confirmed=True)
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    printed = graph.locator(".printed svg")
    expect(printed).to_be_visible()
    expect(graph.locator(".body")).to_be_hidden()
    expect(printed.locator("rect").first).to_have_attribute("fill", "#ffffff")
    texts = printed.locator("text").all_text_contents()
    assert {"User tower", "Where they meet"} <= {*texts}
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(printed).to_have_count(0)
