"""Answers on the Labels page: nothing is confirmed before each doubt has one, and a name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

import mari_engine as mari
from app.session import ANSWERED, Work
from app.views.labels import keep_roles, list_parts
from mari_engine import Role
from support.app_visits import LONG, answer, confirm, visit
from support.browser_session import (
    answer_all,
    click,
    click_confirm,
    insist_key,
    open_sample,
    rest,
    turn_to,
)


def words(app: AppTest) -> str:
    found = [*app.markdown, *app.caption]
    return " ".join(one.value for one in found).replace("\\", "")


def test_nothing_is_confirmed_while_a_row_is_left_to_answer(opened: Work) -> None:
    app = visit("labels", opened)
    assert app.button(key="confirm").disabled
    assert "1 row is left to answer: user." in words(app)
    app.pills(key="labels-show").set_value("item").run()
    app.button(key="show-open").click().run()
    assert app.pills(key="labels-show").value == "open"
    answer(app)
    assert not app.button(key="confirm").disabled
    assert "left to answer" not in words(app)
    assert opened.labels is not None
    assert opened.labels.inputs["user"].vouched == ANSWERED
    app.button(key="undo").click().run()
    assert app.button(key="confirm").disabled


def test_whoever_confirms_gives_a_name_that_vouches_for_what_was_answered(opened: Work) -> None:
    assert opened.labels is not None
    sure = replace(opened.labels.inputs["item"], vouched="graph")
    opened.labels = mari.Labels({**opened.labels.inputs, "item": sure})
    app = visit("labels", opened)
    answer(app)
    for name in (" ", "Graph"):
        confirm(app, by=name)
        assert app.error[0].value.startswith("name")
        assert opened.confirmed is None
    confirm(app, by=" Ada ")
    assert not app.exception
    assert opened.confirmed is not None
    assert [one.vouched for one in opened.confirmed.inputs.values()] == ["Ada", "graph"]
    assert (opened.reviewer, opened.confirmed_by) == ("Ada", "Ada")
    assert opened.check is not None
    opened.check.wait(LONG)


def test_a_row_says_in_plain_words_what_speaks_for_it_and_who_vouches(opened: Work) -> None:
    app = visit("labels", opened)
    assert "Proposed as **R · user**, 90% sure. Nobody vouches for it yet." in words(app)
    assert "name token 'user'" in words(app)
    answer(app)
    assert "**R · user**, vouched for by **a person**." in words(app), "it stays selected"


def test_each_row_is_answered_by_itself(opened: Work) -> None:
    labels = {name: mari.InputLabel(role=Role.USER, confidence=0.5) for name in ("user", "item")}
    opened.labels = opened.proposed = mari.Labels(labels)
    app = visit("labels", opened)
    app.button(key="answer-cross").click().run()
    assert opened.labels is not None
    assert [one.role for one in opened.labels.inputs.values()] == [Role.CROSS, Role.USER]
    assert "1 row is left to answer: item." in words(app)
    app.button(key="answer-item").click().run()
    assert opened.labels.confidence == 1


def test_proposals_that_leave_nothing_per_candidate_are_refused_and_people_are_not(
    opened: Work,
) -> None:
    label = mari.InputLabel(role=Role.USER, vouched="name")
    opened.labels = opened.proposed = mari.Labels({"user": label, "item": label})
    app = visit("labels", opened)
    assert app.button(key="confirm").disabled
    assert "select all rows and answer them yourself" in app.warning[0].value
    opened.labels = keep_roles(opened.labels, list_parts(opened.labels))
    app = visit("labels", opened)
    confirm(app)
    assert opened.confirmed is not None
    opened.check = None
    assert "get one score" in visit("model", opened).warning[0].value, "as above every page"


def test_values_of_the_selected_row_are_set_beside_it(opened: Work) -> None:
    app = visit("labels", opened)
    (low,) = [one for one in app.number_input if one.label == "From"]
    low.set_value(0).run()
    assert "user: the range has one end only" in app.warning[0].value.replace("\\", "")
    assert app.button(key="confirm").disabled
    (high,) = [one for one in app.number_input if one.label == "Below"]
    high.set_value(450).run()
    assert not app.exception
    assert opened.labels is not None
    user = opened.labels.inputs["user"]
    assert (user.range, user.confidence) == ((0, 450), 0.9)


@pytest.mark.browser
def test_doubts_are_answered_with_the_keyboard_and_many_at_once(page: Page) -> None:
    open_sample(page, "wide_deep_packed")
    turn_to(page, "labels", "Who owns which input?")
    expect(page.get_by_text("26 rows are left to answer")).to_be_visible()
    expect(page.locator(".st-key-confirm button")).to_be_disabled()
    expect(page.locator(".st-key-answers")).to_contain_text("X[40:48]")
    insist_key("x", page.get_by_text("25 rows are left to answer"))
    expect(page.locator(".st-key-answers")).to_contain_text("X[48:56]")
    insist_key("y", page.get_by_text("24 rows are left to answer"))
    rest(page)
    click(page, "show-open")
    expect(page.get_by_role("heading", name="Who owns which input?")).to_be_in_viewport()
    answer_all(page)
    click_confirm(page, by="Grace")
    expect(page.locator(".mari-line").nth(1)).to_contain_text("Grace 26")


def test_an_answer_to_rows_as_they_stood_before_another_change_is_not_taken(opened: Work) -> None:
    app = visit("labels", opened)
    before = opened.labels
    opened.revision += 1
    app.button(key="answer-right").click().run()
    assert not app.exception
    assert opened.labels == before
    answer(app)
    assert opened.labels != before
