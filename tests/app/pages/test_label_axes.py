"""The candidates' axis of each input on the Labels page: told, stated, asked if unclear."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import mari_engine as mari
from app.services import follow_link, open_sample
from app.session import Link, Opened, Work, bare, digest_labels, make_link, read_link, write_link
from app.views.labels import join_columns, list_axes, name_axis, set_columns
from mari_engine import FROM_GRAPH, AxisReading, Column, InputLabel, Labels, Role
from support.app_visits import answer, visit
from support.builders import build, ranking_tower


def words(app: AppTest) -> str:
    return " ".join(one.value for one in [*app.markdown, *app.caption]).replace("\\", "")


def choice(app: AppTest) -> mari.CandidateAxis:
    (found,) = [one for one in app.selectbox if one.label == "Candidates lie along"]
    return found.value


@pytest.fixture
def square() -> Work:
    """A model of a product along both extents: nothing tells which of them are the candidates."""
    model = mari.load(
        build("score = Add (a, b)", inputs="float[N, T] a, float[N, T] b",
              outputs="float[N, T] score"),
        name="square",
    )  # fmt: skip
    work = Work()
    label = InputLabel(role=Role.ITEM, vouched="Ada")
    work.open(Opened(model, "square", "square.onnx"), Labels({"a": label, "b": label}))
    return work


def test_the_axis_of_a_row_is_told_with_its_evidence_and_can_be_stated(opened: Work) -> None:
    assert opened.opened is not None
    opened.opened = replace(opened.opened, model=mari.load(ranking_tower(), name="tower"))
    app = visit("labels", opened)
    assert choice(app) == FROM_GRAPH
    readings = mari.read_axes(opened.opened.model, bare(opened.labels or Labels()))
    assert readings["user"].evidence[0] in words(app)
    (box,) = [one for one in app.selectbox if one.label == "Candidates lie along"]
    assert box.options[:2] == ["as the graph says: axis 0 (N)", "axis 0 (N)"]
    box.set_value(0).run()
    assert not app.exception
    assert opened.labels is not None
    assert opened.labels.inputs["user"].stated_axis == 0
    assert opened.labels.inputs["user"].confidence == 0.9, "an axis answers no doubt about the role"
    assert "A person states it." in words(app)
    answer(app)


def test_an_axis_that_nothing_tells_is_asked_before_labels_are_confirmed(square: Work) -> None:
    app = visit("labels", square)
    assert "Nothing tells which axis holds the candidates: a, b. State it." in words(app)
    assert app.button(key="confirm").disabled
    app.button(key="show-axis").click().run()
    (box,) = [one for one in app.selectbox if one.label == "Candidates lie along"]
    assert box.options[0] == "unclear: state it"
    box.set_value(0).run()
    assert not app.exception
    assert "Nothing tells which axis" not in words(app)
    assert not app.button(key="confirm").disabled


@pytest.mark.parametrize(("evidence", "stated"), [(("(N, T)",), FROM_GRAPH), ((), 1)])
def test_no_axis_is_stated_by_changing_columns(
    evidence: tuple[str, ...], stated: mari.CandidateAxis
) -> None:
    columns = (Column(start=0, stop=4, role=Role.USER), Column(start=4, stop=10, role=Role.ITEM))
    labels = Labels({"x": InputLabel(columns=columns, axis=1, axis_evidence=evidence)})
    new = Column(start=2, stop=6, role=Role.CROSS)
    assert set_columns(labels, "x", new, width=10).inputs["x"].stated_axis == stated
    assert join_columns(labels, "x", width=10).inputs["x"].stated_axis == stated


def test_axes_in_words() -> None:
    assert list_axes(("N", 3)) == [FROM_GRAPH, 0, 1, None]
    found = AxisReading(None, ("why",))
    assert name_axis(FROM_GRAPH, ("N", 3), found) == "as the graph says: none of its axes"
    assert name_axis(1, ("N", 3), found) == "axis 1 (3)"


def test_a_link_brings_stated_axes_back() -> None:
    opened = open_sample("din")
    assert opened.labels is not None
    name = next(iter(opened.labels.inputs))
    digest = digest_labels(opened.model, opened.labels)
    link = Link("din", labels=digest, axes=((name, None), ("no such input", 0)))
    assert read_link(write_link(link)) == link
    work = Work()
    follow_link(work, link)
    assert work.labels is not None
    assert work.labels.inputs[name].stated_axis is None
    assert make_link(work).axes == ((name, None),)
    assert make_link(work).labels == digest
    assert read_link({"axis": ["a:-1", "b", ":0", "c:x"]}).axes == ()


def test_a_stated_axis_outdates_what_was_signed() -> None:
    labels = Labels({"a": InputLabel(role=Role.USER)})
    stated = Labels({"a": InputLabel(role=Role.USER, axis=None)})
    proposed = Labels({"a": InputLabel(role=Role.USER, axis=0, axis_evidence=("why",))})
    first, second, third = (
        mari.digest_sections("sha", one)[mari.Section.LABELS] for one in (labels, stated, proposed)
    )
    assert first == third != second
