"""Before and after in a real Chromium: changes, measures, links, and the table to keep."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browser_session import turn_to
from support.graph_visits import changes, details, open_graph, press, show_graph

pytestmark = pytest.mark.browser


def test_before_and_after_are_linked(page: Page) -> None:
    graph = open_graph(page, confirmed=True)
    expect(graph.locator(".pane .title").nth(1)).to_contain_text("Optimized")
    press(graph, "]")
    expect(graph.locator(".step")).to_contain_text("1 of ")
    chosen = changes(graph).locator(".entry-open")
    expect(chosen).to_contain_text("run once per request")
    expect(chosen.locator(".strips rect").first).to_be_visible()
    expect(chosen.locator(".decision .tensor").first).to_contain_text("weight of ")
    first = chosen.locator(".change .name").text_content()
    press(graph, "]")
    expect(chosen.locator(".change .name")).not_to_have_text(first or "")
    press(graph, "[")
    expect(chosen.locator(".change .name")).to_have_text(first or "")
    chosen.locator(".jump").first.click()
    press(graph, "1")
    expect(details(graph)).to_contain_text("Made from")


def test_one_graph_can_be_shown_alone(page: Page) -> None:
    graph = open_graph(page, confirmed=True)
    graph.get_by_role("button", name="After", exact=True).click()
    expect(graph.locator(".pane").first).to_be_hidden()
    expect(graph.locator(".pane").nth(1)).to_be_visible()
    press(graph, "v")
    expect(graph.locator(".pane").first).to_be_visible()


def test_what_changed_can_be_told_alone(page: Page) -> None:
    graph = open_graph(page, confirmed=True)
    changes(graph).locator(".jump").filter(has_text="no longer needed").click()
    pressed = graph.locator(".legend .entry[aria-pressed=true]")
    expect(pressed).to_have_count(1)
    expect(pressed).to_contain_text("no longer needed")


def test_a_link_restores_what_is_looked_at(page: Page) -> None:
    graph = open_graph(page, confirmed=True)
    graph.get_by_label("Color by").select_option("side")
    graph.locator(".legend .entry").filter(has_text="request side").click()
    graph.locator(".search").fill("Concat")
    page.keyboard.press("Enter")
    press(graph, "3")
    expect(page).to_have_url(re.compile(r"/graph\?.*tab=nodes"))
    name = graph.locator(".row[aria-selected=true] .name").text_content()
    turn_to(page, "labels", "Who owns which input?")
    graph = show_graph(page)
    expect(graph.locator(".row[aria-selected=true] .name")).to_have_text(name or "")
    expect(graph.get_by_label("Color by")).to_have_value("side")
    hidden = graph.locator(".legend .entry[aria-pressed=false]")
    expect(hidden).to_contain_text("request side")
    expect(graph.locator(".search")).to_have_value("Concat")
    expect(page).to_have_url(re.compile(r"/graph\?.*node="))
    other = page.context.new_page()  # another session, which knows the link alone
    other.goto(page.url)
    graph = other.locator(".graph")
    expect(graph.locator(".row[aria-selected=true] .name")).to_have_text(name or "")
    expect(graph.get_by_label("Color by")).to_have_value("side")


def test_all_nodes_can_be_kept_as_a_table(page: Page) -> None:
    open_graph(page, "two_tower")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="All nodes as CSV").click()
    lines = Path(waiting.value.path()).read_text().splitlines()
    assert lines[0].startswith("Graph,Side,Operator,Node")
    assert len(lines) > 20


def test_nodes_can_be_measured(page: Page) -> None:
    graph = open_graph(page, "two_tower", confirmed=True)
    graph.get_by_role("button", name="Measure nodes").click()
    expect(graph.get_by_role("button", name="Measure nodes")).to_be_hidden()
    graph.get_by_label("Color by").select_option("measured time")
    expect(graph.locator(".legend")).to_contain_text("down to a tenth of it")
    press(graph, "]")
    press(graph, "1")
    expect(details(graph)).to_contain_text("Measured by running it")
    expect(details(graph)).to_contain_text("Time at 500 candidates")
