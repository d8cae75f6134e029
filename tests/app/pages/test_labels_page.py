"""The Labels step: proposals to narrow, to change in bulk, and to try before they are confirmed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

import mari_engine as mari
from app.session import Flip, Work
from app.views.labels import describe_effect, describe_step, flip_rows, list_parts, set_role
from mari_engine import Cost, Flops, FlopsReport, Role
from support.app_visits import LONG, answer, confirm, visit
from support.browser_session import click, open_sample, status, turn_to
from support.handmade_results import make_plan


def words(app: AppTest) -> str:
    found = [*app.markdown, *app.caption]
    return " ".join(one.value for one in found).replace("\\", "")


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def wait_for_preview(work: Work) -> None:
    assert work.preview is not None
    work.preview.job.wait(LONG)


def test_rows_are_narrowed_by_what_they_are(opened: Work) -> None:
    app = visit("labels", opened)
    assert app.pills(key="labels-show").options == [
        "All 2", "To answer 1", "? doubtful 1", "✓ sure 1", "R · user 1", "I · item 1",
    ]  # fmt: skip
    app.pills(key="labels-show").set_value("item").run()
    assert not app.exception
    (table,) = (one.value for one in app.dataframe if "standing" in one.value)
    assert list(table["feature"]) == ["item"]


def test_a_regular_expression_is_previewed_and_applied(opened: Work) -> None:
    app = visit("labels", opened)
    app.segmented_control(key="pattern-kind").set_value("regular expression").run()
    app.text_input(key="pattern").set_value("^(us|it)e").run()
    app.selectbox(key="pattern-role").set_value(Role.CROSS).run()
    assert "2 matches, 2 change" in words(app)
    app.button(key="pattern-apply").click().run()
    assert opened.labels is not None
    assert {label.role for label in opened.labels.inputs.values()} == {Role.CROSS}
    app.text_input(key="pattern").set_value("(").run()
    assert "is no regular expression" in app.error[0].value.replace("\\", "")


def test_what_a_selected_node_reads_is_set_at_once(opened: Work) -> None:
    assert "pattern" in [one.key for one in visit("labels", opened).text_input]
    opened.selected = "item"
    app = visit("labels", opened)
    assert "Inputs that reach **item**" in words(app)
    app.selectbox(key="selection-role").set_value(Role.CROSS).run()
    app.button(key="selection-apply").click().run()
    assert opened.labels is not None
    roles = {name: label.role for name, label in opened.labels.inputs.items()}
    assert roles == {"user": Role.USER, "item": Role.CROSS}


def test_every_change_can_be_undone_and_redone(opened: Work) -> None:
    first = opened.labels
    app = visit("labels", opened)
    assert app.button(key="undo").disabled
    app.number_input(key="columns-first").set_value(1).run()
    app.button(key="columns-apply").click().run()
    second = opened.labels
    app.button(key="undo").click().run()
    assert opened.labels == first
    app.button(key="redo").click().run()
    assert opened.labels == second
    assert app.button(key="redo").disabled


def test_equal_neighbors_are_joined_on_the_page(opened: Work) -> None:
    app = visit("labels", opened)
    answer(app)
    assert app.button(key="columns-join").disabled
    app.number_input(key="columns-first").set_value(1).run()
    app.button(key="columns-apply").click().run()
    app.button(key="columns-join").click().run()
    assert opened.labels is not None
    (column,) = opened.labels.inputs["user"].columns
    assert (column.start, column.stop, column.role) == (0, 4, Role.USER)


def test_labels_are_tried_before_they_are_confirmed(
    opened: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def plan(model: Any, labels: Any, **options: Any) -> Any:
        asked.append(labels)
        after = Cost(Flops(0, 300_000 + 100_000 * len(asked)), Flops(), {})
        return make_plan(flops=FlopsReport(make_plan().flops.before, after))

    monkeypatch.setattr(mari, "plan", plan)
    app = visit("labels", opened)
    wait_for_preview(opened)
    app.run()
    assert metrics(app)["If confirmed, at 500 candidates"] == "1 GFLOP → 200 MFLOP, 5.00× fewer"
    assert metrics(app)["The last change"] == "none yet"
    app.text_input(key="pattern").set_value("item").run()
    app.selectbox(key="pattern-role").set_value(Role.CROSS).run()
    app.button(key="pattern-apply").click().run()
    wait_for_preview(opened)
    app.run()
    assert metrics(app)["The last change"] == "50 MFLOP more"
    assert opened.confirmed is None
    answer(app)
    confirm(app)
    assert not app.exception
    assert opened.confirmed is not None
    assert len(asked) == 2, "what was tried is not made again"


def test_labels_that_cannot_be_tried_say_why(opened: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise mari.LabelError("input 'a*b': <odd>")

    monkeypatch.setattr(mari, "plan", fail)
    app = visit("labels", opened)
    wait_for_preview(opened)
    app.run()
    assert "input 'a*b': <odd>" in words(app)


def test_each_doubtful_label_is_tried_on_the_other_side(
    opened: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan(model: Any, labels: Any, **options: Any) -> Any:
        request = labels.inputs["user"].role.per_request
        after = Cost(Flops(0, 100_000 if request else 900_000), Flops(), {})
        return make_plan(flops=FlopsReport(make_plan().flops.before, after))

    monkeypatch.setattr(mari, "plan", plan)
    app = visit("labels", opened)
    assert opened.labels is not None
    app.button(key="flips-run").click().run()
    assert opened.flips is not None
    opened.flips.job.wait(LONG)
    app.run()
    assert not app.exception
    (table,) = (one.value for one in app.dataframe if "difference" in one.value)
    assert table.to_dict("records") == [
        {
            "feature": "user",
            "now": "R · user: 50 MFLOP",
            "then": "I · item: 450 MFLOP",
            "difference": "400 MFLOP more",
        }
    ]


def test_labels_that_cannot_be_turned_say_why() -> None:
    same = Flip("a", Role.ITEM, Role.USER, 1000, 1000)
    (first, second) = flip_rows([Flip("b", Role.USER, Role.ITEM, 1000, None, "no"), same])
    assert (first["then"], first["difference"]) == ("I · item: no", "?")
    assert (second["then"], second["difference"]) == ("R · user: 1 kFLOP", "no FLOP more or less")


def test_effects_in_words() -> None:
    plan = make_plan()
    assert describe_effect(plan, 500) == "1 GFLOP → 150 MFLOP, 6.64× fewer"
    same = make_plan(flops=FlopsReport(plan.flops.before, plan.flops.before))
    assert describe_effect(same, 500) == "1 GFLOP, as it is"
    assert describe_step(None, plan, 500) == "none yet"
    assert describe_step(plan, plan, 500) == "no FLOP more or less"
    assert describe_step(same, plan, 500) == "850 MFLOP fewer"


@pytest.mark.browser
def test_a_packed_input_is_labelled_in_its_strip(page: Page) -> None:
    page.set_viewport_size({"width": 1366, "height": 1800})
    open_sample(page, "wide_deep_packed")
    turn_to(page, "labels", "Who owns which input?")
    expect(page.get_by_text("If confirmed, at 500 candidates")).to_be_visible()
    strip = page.locator(
        "[class*=st-key-columns-strip] .js-plotly-plot .bglayer, "
        "[class*=st-key-columns-strip] .nsewdrag"
    ).last
    box = strip.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 44.5 / 66, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 50.5 / 66, middle + 5, steps=6)
    page.mouse.up()
    expect(page.locator(".st-key-columns-first input")).to_have_value("44")
    expect(page.locator(".st-key-columns-last input")).to_have_value("50")
    page.locator(".st-key-columns-name input").fill("<b>chosen</b>")
    page.keyboard.press("Enter")
    click(page, "columns-apply")
    status(page, 1, "not confirmed")
    expect(page.get_by_text("✎ answered 1")).to_be_visible()
    expect(page.get_by_text("fewer", exact=False).first).to_be_visible()
    click(page, "undo")
    expect(page.get_by_text("✎ answered 1")).to_have_count(0)
    click(page, "redo")
    expect(page.get_by_text("✎ answered 1")).to_be_visible()
    assert page.locator("b", has_text="chosen").count() == 0


@pytest.mark.browser
def test_what_is_selected_in_the_graph_is_labelled_at_once(page: Page) -> None:
    open_sample(page, "two_tower")
    turn_to(page, "graph", "What depends on the candidates")
    graph = page.locator(".graph")
    expect(graph.locator(".legend .entry").first).to_be_visible()
    graph.focus()
    page.keyboard.press("/")
    page.keyboard.type("item_id")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Label the inputs that reach").click()
    page.get_by_role("button", name="Set by selection").click()
    expect(page.get_by_text("selected in the graph")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("✎ answered 1")).to_be_visible()


CHANGES = ["use-given", "use-proposals", "pattern-apply", "columns-apply", "undo"]


@pytest.mark.parametrize("key", CHANGES)
def test_a_click_counts_once_and_for_the_labels_it_was_shown_beside(
    opened: Work, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit shows a click again where another interrupts its run, but calls back once."""
    assert opened.opened is not None
    given = set_role(opened.proposed, list_parts(opened.proposed, opened.proposed), Role.CROSS)
    opened.opened = replace(opened.opened, labels=given)
    app = visit("labels", opened)
    app.text_input(key="pattern").set_value("user").run()
    app.selectbox(key="pattern-role").set_value(Role.CONTEXT).run()
    app.number_input(key="columns-first").set_value(1).run()
    answer(app)
    before, shown = opened.labels, opened.revision
    opened.revision += 1
    app.button(key=key).click().run()  # shown beside the labels before
    assert (opened.labels, opened.revision) == (before, shown + 1)
    with monkeypatch.context() as again:
        again.setattr("app.components.labels.buttons._note", lambda *_given: None)
        app.run().button(key=key).click().run()
        assert (opened.labels, opened.revision) == (before, shown + 1)
    visit("labels", opened).button(key=key).click().run()
    assert opened.labels != before
