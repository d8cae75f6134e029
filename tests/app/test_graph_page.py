from __future__ import annotations

from typing import Any

import pytest

import mari_engine as mari
from app.views.graph_views import View
from app.work import Opened, Options, Work
from app_visits import LABELS, ended, visit
from builders import ranking_tower


@pytest.fixture
def tower() -> Work:
    """A model is open; its labels are proposals."""
    work = Work()
    model = mari.load(ranking_tower(user=400, item=40, hidden=64), name="tower")
    work.open(Opened(model, "key", "tower.onnx"), LABELS)
    return work


@pytest.fixture
def rewritten(tower: Work) -> Work:
    """The labels are confirmed; whether the rewrite is right is not looked at here."""
    tower.confirm(Options(), ended(lambda progress: None))
    return tower


def rows(app: Any) -> Any:
    return app.dataframe[0].value


def test_without_a_model_the_way_leads_back() -> None:
    app = visit("graph", Work())
    assert "Choose a model first\\." in app.markdown[-1].value


def test_before_the_labels_are_confirmed_there_is_the_original(tower: Work) -> None:
    app = visit("graph", tower)
    assert "Confirm them" in app.caption[0].value
    assert [control.label for control in app.segmented_control] == ["Fold by"]
    assert set(rows(app)["Change"]) == {""}
    assert list(rows(app)["Side"])[:2] == ["R · request", "I · item"]


def test_confirmed_labels_show_both_graphs(rewritten: Work) -> None:
    app = visit("graph", rewritten)
    assert set(rows(app)["Graph"]) == {"Original", "Optimized"}
    decided = rows(app).query("Decision == 'split' and Graph == 'Original'")
    assert list(decided["Operator"]) == ["Gemm"]
    assert set(rows(app).query("Graph == 'Original'")["Change"]) >= {"replaced by other nodes"}
    assert set(rows(app).query("Graph == 'Optimized'")["Change"]) >= {"new", "unchanged"}


def test_one_graph_can_be_shown_alone(rewritten: Work) -> None:
    app = visit("graph", rewritten)
    app.segmented_control[0].set_value(View.OPTIMIZED).run()
    assert not app.exception
    assert set(rows(app)["Graph"]) == {"Optimized"}


def test_folding_by_nothing_keeps_all_nodes(rewritten: Work) -> None:
    app = visit("graph", rewritten)
    before = len(rows(app))
    app.segmented_control[1].set_value(app.segmented_control[1].options[-1]).run()
    assert not app.exception
    assert len(rows(app)) == before


def test_labels_that_do_not_fit_are_one_line(tower: Work) -> None:
    tower.edit(mari.Labels({"user": mari.InputLabel(role=mari.Role.USER)}))
    app = visit("graph", tower)
    assert len(app.error) == 1
    assert "item" in app.error[0].value


def test_nodes_can_be_timed(rewritten: Work) -> None:
    app = visit("graph", rewritten)
    assert "Time (µs)" not in rows(app)
    app.toggle[0].set_value(True).run()
    assert not app.exception
    timed = rows(app).query("Operator == 'Gemm'")["Time (µs)"]
    assert len(timed) > 2
    assert (timed > 0).all()
