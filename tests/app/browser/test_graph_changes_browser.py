"""Before and after in a real Chromium: changes, measures, links, and the table to keep."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browser_session import PATIENCE, click_confirm, turn_to
from support.graph_visits import changes, details, open_graph, press, show_graph, sizes

pytestmark = pytest.mark.browser

REST = 900
"""Milliseconds; the address is written when the view has not moved for 300."""


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
    expect(graph.get_by_role("button", name="Nodes measured")).to_be_disabled()
    graph.get_by_label("Color by").select_option("measured time")
    expect(graph.locator(".legend")).to_contain_text("down to a tenth of it")
    press(graph, "]")
    press(graph, "1")
    expect(details(graph)).to_contain_text("Measured by running it")
    expect(details(graph)).to_contain_text("Time at 500 candidates")


def views(page: Page, unlike: list[list[float]] | None = None) -> list[list[float]]:
    """Middle and scale of both panes as the address has them, once the view has come to rest
    where it was not before."""
    last = None
    for _ in range(PATIENCE // REST):
        page.wait_for_timeout(REST)
        (found,) = re.findall(r"at=([^&]+)", page.url)
        panes = found.replace("%7E", "~").split("_")
        now = [[float(part) for part in pane.split("~")] for pane in panes]
        if now == last != unlike:
            return now
        last = now
    raise AssertionError("the view has not come to rest elsewhere")


def test_both_graphs_move_in_step_until_each_is_moved_alone(page: Page) -> None:
    graph = open_graph(page, "two_tower", confirmed=True)
    box = graph.locator(".canvas").first.bounding_box()
    assert box is not None
    before = views(page)
    page.mouse.move(box["x"] + 200, box["y"] + 20)
    for _ in range(3):
        page.mouse.wheel(0, 300)
    zoomed = views(page, before)
    ratios = [new[2] / old[2] for old, new in zip(before, zoomed, strict=True)]
    assert ratios[0] < 0.9
    assert ratios[1] == pytest.approx(ratios[0], rel=0.02)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 40, steps=5)
    page.mouse.up()
    moved = views(page, zoomed)
    for old, new in zip(zoomed, moved, strict=True):
        assert (old[0] - new[0]) * old[2] == pytest.approx(120, abs=8)
    press(graph, "l", "+")
    alone = views(page, moved)
    assert alone[0][2] > moved[0][2]
    assert alone[1] == moved[1]


def test_a_link_opens_and_centers_what_it_leads_to_and_escape_returns(page: Page) -> None:
    graph = open_graph(page, confirmed=True)
    press(graph, "C", "f")
    closed = [sizes(graph), sizes(graph, 1)]
    before = views(page)
    press(graph, "]")
    expect(graph.locator(".step")).to_contain_text("1 of ")
    assert sizes(graph)[2] > 0
    assert sizes(graph, 1)[2] > 0
    there = views(page, before)
    press(graph, "]", "Escape")
    assert views(page, there) == before
    assert [sizes(graph), sizes(graph, 1)] == closed


def test_what_a_decision_left_as_it_was_is_not_among_the_changes(page: Page) -> None:
    graph = open_graph(page, "dlrm", confirmed=True)
    heads = changes(graph).locator("h4").all_text_contents()
    assert heads[:2] == [
        "Changed, the largest gain first (2)",
        "The same work as before, the costliest first (5)",
    ]


def test_every_badge_of_a_node_stands_in_the_legend(page: Page) -> None:
    graph = open_graph(page, "two_tower", confirmed=True)
    legend = graph.locator(".legend")
    expect(legend.locator(".note .letter")).to_have_text(["R", "I", "C", "K"])
    expect(legend).to_contain_text("unchanged")
    graph.get_by_label("Color by").select_option("side")
    expect(legend.locator(".note")).to_have_count(0)
    expect(legend.locator(".entry").filter(has_text="request side")).to_be_visible()
    press(graph, "2")
    key = changes(graph).locator(".key .marked")
    expect(key).to_have_text([re.compile("once"), re.compile("kept")])


def test_a_view_of_the_graph_alone_is_no_view_of_before_and_after(page: Page) -> None:
    graph = open_graph(page, "two_tower")
    (alone,) = views(page)
    press(graph, "+", "+", "+")
    (near,) = views(page, [alone])
    turn_to(page, "labels", "Who owns which input?")
    click_confirm(page)
    graph = show_graph(page)
    expect(graph.locator(".pane .title").nth(1)).to_contain_text("Optimized")
    shown = views(page, [near])
    press(graph, "f")
    assert views(page)[0] == pytest.approx(shown[0], abs=2)


def test_a_full_screen_shows_everything_again(page: Page) -> None:
    graph = open_graph(page, "two_tower", confirmed=True)
    press(graph, "f")
    fitted = views(page)
    press(graph, "+", "+", "+", "+")
    near = views(page, fitted)
    assert near[0][2] > 1.5 * fitted[0][2]
    graph.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement !== null")
    assert views(page, near)[0][2] < 1.5 * fitted[0][2]
