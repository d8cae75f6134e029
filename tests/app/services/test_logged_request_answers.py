"""Logged requests answer doubts before labels are confirmed, and revoke the check afterwards."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mari_engine as mari
from app.services import engine_cache, forget_requests, learn_again, take_requests
from app.services.background import start_check
from app.session import Opened, Options, Work, name_answers, state_axis
from app.views.header import labels_command, optimize_command
from app.views.header.status import list_items
from app.views.labels import (
    keep_roles,
    list_parts,
    name_open,
    set_role,
    settle_by_requests,
    tell_refuted,
)
from mari_engine import Column, InputLabel, Labels, Role
from support.app_visits import LONG, visit
from support.builders import build, ranking_tower
from support.requests_sent import Sent, make_request


@pytest.fixture
def tower() -> Work:
    """A model whose labels are in doubt."""
    model = mari.load(ranking_tower(), name="tower")
    doubtful = {name: InputLabel(role=Role.USER, confidence=0.5) for name in ("user", "item")}
    work = Work()
    work.open(Opened(model, "logged", "tower.onnx"), Labels(doubtful))
    return work


@pytest.fixture
def confirmed(tower: Work) -> Work:
    """Its user and its item were answered, and confirmed by Ada."""
    assert tower.opened is not None
    assert tower.labels is not None
    item, user = sorted(list_parts(tower.labels), key=lambda part: part.name)
    labels = set_role(keep_roles(tower.labels, [user]), [item], Role.ITEM)
    labels = name_answers(labels, "Ada")
    plan = engine_cache.make_plan(tower.opened, labels, Options())
    tower.confirm(Options(), start_check(plan), labels, "Ada")
    return tower


def test_requests_answer_what_they_settle_and_vouch_for_it(tower: Work, tmp_path: Path) -> None:
    take_requests(tower, [make_request(user=False)], tmp_path)
    assert tower.labels is not None
    item = tower.labels.inputs["item"]
    assert (item.role, item.confidence, item.vouched) == (Role.ITEM, 1.0, "request")
    assert "item" not in name_open(list_parts(tower.labels, tower.proposed))
    names = [path.name for path in tower.requests]
    assert (
        labels_command("a b.onnx", names)
        == "mari labels 'a b.onnx' --request log.npz -o labels.json"
    )
    assert "--request log.npz" in optimize_command("tower.onnx", Options(), names)


def test_a_persons_answer_that_a_request_refutes_is_open_again(tower: Work, tmp_path: Path) -> None:
    assert tower.labels is not None
    tower.relabel(keep_roles(tower.labels, list_parts(tower.labels)))
    take_requests(tower, [make_request(user=False)], tmp_path)
    assert tower.labels is not None
    parts = list_parts(tower.labels, tower.proposed)
    assert name_open(parts) == "1 row is left to answer: item."
    assert keep_roles(tower.labels, parts) == tower.labels, "only another role answers it"
    forget_requests(tower)
    assert tower.requests == []
    assert name_open(list_parts(tower.labels, Labels())) == ""


def test_a_request_that_fits_is_part_of_the_check(confirmed: Work, tmp_path: Path) -> None:
    take_requests(confirmed, [make_request(user=False)], tmp_path)
    assert confirmed.check is not None
    confirmed.check.wait(LONG)
    assert confirmed.verified
    assert confirmed.result is not None
    assert "log.npz" in [check.request for check in confirmed.result.certificate.checks]


def test_a_request_that_contradicts_a_label_revokes_the_check(
    confirmed: Work, tmp_path: Path
) -> None:
    assert confirmed.check is not None
    confirmed.check.wait(LONG)
    assert confirmed.verified
    take_requests(confirmed, [make_request(user=True)], tmp_path)
    assert confirmed.confirmed is None
    assert not confirmed.verified
    assert "A request contradicts the labels" in confirmed.unverified()
    assert "user is labelled R · user, but its values differ" in confirmed.revoked
    assert "log.npz" in confirmed.revoked
    labels, check = list_items(confirmed)[1:3]
    assert (labels.word, check.tone, check.word) == ("not confirmed", "wrong", "revoked")
    assert confirmed.labels is not None
    assert confirmed.labels.inputs["user"].confidence == 0, "files that are saved hold the doubt"
    told = [one.value.replace("\\", "") for one in visit("model", confirmed).error]
    assert confirmed.revoked in told


def test_what_is_no_request_of_this_model_changes_nothing(confirmed: Work, tmp_path: Path) -> None:
    before = confirmed.labels
    with pytest.raises(mari.FeedError, match="cannot be read"):
        take_requests(confirmed, [Sent("log.npz", b"no zip")], tmp_path)
    with pytest.raises(mari.FeedError, match="no file was given"):
        take_requests(confirmed, [], tmp_path)
    assert (confirmed.labels, confirmed.requests, confirmed.revoked) == (before, [], "")
    assert confirmed.confirmed == before


def test_requests_settle_columns_and_leave_peoples_answers() -> None:
    said = Column(start=0, stop=2, role=Role.USER, vouched="Ada")
    rest = Column(start=2, stop=8, role=Role.USER, confidence=0.6, name="rest", range=(0, 9))
    learnt = Column(start=4, stop=6, role=Role.ITEM, vouched="request", evidence=("it differs",))
    around = replace(learnt, vouched="", confidence=0.5)
    proposals = (
        replace(around, start=0, stop=4), learnt, replace(around, start=6, stop=8)
    )  # fmt: skip
    labels = settle_by_requests(
        Labels({"x": InputLabel(columns=(said, rest))}),
        Labels({"x": InputLabel(columns=proposals)}),
    )
    assert labels.inputs["x"].columns == (
        said,
        replace(rest, start=2, stop=4),
        replace(rest, start=4, stop=6, role=Role.ITEM, confidence=1.0, vouched="request",
                evidence=("it differs",)),
        replace(rest, start=6, stop=8),
    )  # fmt: skip


def test_requests_are_read_again_once_the_axis_is_stated(tmp_path: Path) -> None:
    model = mari.load(
        build(
            "a = ReduceSum <keepdims = 0> (f1) b = ReduceSum <keepdims = 0> (f2) y = Add (a, b)",
            inputs="float[L, 4] f1, float[N, 4] f2", outputs="float y",
        )
    )  # fmt: skip
    work = Work()
    work.open(Opened(model, "unread", "m.onnx"), mari.propose_labels(model))
    file = io.BytesIO()
    rng = np.random.default_rng(0)
    np.savez(file, f1=rng.random((3, 4), np.float32), f2=rng.random((9, 4), np.float32))
    take_requests(work, [Sent("log.npz", file.getvalue())], tmp_path)
    assert work.notice == (
        "The requests teach nothing of f1, f2: state along which axis the candidates lie, and they "
        "are read again."
    )
    assert work.labels is not None
    assert work.labels.inputs["f2"].vouched == ""
    work.relabel(state_axis(state_axis(work.labels, "f1", None), "f2", 0))
    learn_again(work)
    assert work.notice == ""
    assert (work.labels.inputs["f2"].vouched, work.labels.inputs["f2"].axis) == ("request", 0)
    assert work.labels.inputs["f1"].vouched == ""


def test_labels_that_a_request_refutes_alike_are_told_once() -> None:
    wrong = InputLabel(role=Role.USER, vouched="Ada")
    seen = InputLabel(role=Role.ITEM, vouched="request", evidence=("it differs",))
    names = ["a", "b", "c", "d", "e"]
    parts = list_parts(Labels(dict.fromkeys(names, wrong)), Labels(dict.fromkeys(names, seen)))
    told = tell_refuted(parts, ["log.npz"])
    assert "a, b, c and 2 more are labelled R · user, each wrongly: it differs (log.npz)" in told
